"""Refunds that need a person: money owed to guests, and providers that do not say what became of it."""

from odoo import models
from odoo.addons.fynlo_pos_core.engine.health import Reading

OWED = """
    SELECT count(*) AS value, string_agg(placed.fynlo_number, ', ' ORDER BY refund.id) AS note,
           location.fynlo_uuid AS key, location.name, location.company_id, location.id AS config_id
      FROM fynlo_refund refund
      JOIN pos_order placed ON placed.id = refund.order_id
      JOIN pos_config location ON location.id = refund.config_id
     WHERE refund.owed > 0
     GROUP BY location.id ORDER BY location.id
"""
#: A bank may take days over a refund that it has accepted; one that nobody has acknowledged is another matter.
UNANSWERED = """
    SELECT extract(epoch FROM (now() AT TIME ZONE 'UTC') - min(refund.sent_at)) / 60 AS value,
           string_agg(placed.fynlo_number, ', ' ORDER BY refund.id) AS note,
           location.fynlo_uuid AS key, location.name, location.company_id, location.id AS config_id
      FROM fynlo_refund refund
      JOIN pos_order placed ON placed.id = refund.order_id
      JOIN pos_config location ON location.id = refund.config_id
     WHERE refund.state = 'unknown' OR (refund.state = 'sent' AND refund.provider_reference IS NULL)
     GROUP BY location.id ORDER BY location.id
"""


class FynloHealth(models.AbstractModel):
    _inherit = "fynlo.health"

    def _health_checks(self):
        return super()._health_checks() | {
            "refunds_owed": lambda: self._of_locations(OWED),
            "refunds_unanswered": lambda: self._of_locations(UNANSWERED),
        }

    def _of_locations(self, statement):
        return [Reading(**row, kind="location") for row in self._rows(statement)]

"""Ranking of a location's tenders: available ones first, then reliable ones, then by cost."""

from dataclasses import dataclass

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import Invalid

from .fee_quote import Priced

#: Attempts that the guest himself called off say nothing of the tender.
OUTCOMES = """
    SELECT method, count(*) FILTER (WHERE state IN ('captured', 'refund_due')) AS good, count(*) AS ended
      FROM fynlo_payment
     WHERE config_id = %s AND create_date >= %s - interval '30 days'
       AND state IN ('captured', 'refund_due', 'failed', 'expired', 'unknown')
     GROUP BY method
"""
#: With fewer attempts a rate would be chance.
ENOUGH = 20
RELIABLE_BP = 8_000


@dataclass(frozen=True, slots=True)
class Ranked:
    """One tender. ``success_bp`` is of the last 30 days, ``None`` with too few attempts."""

    method: str
    name: str
    priced: Priced | None
    success_bp: int | None
    saving: int = 0

    @property
    def available(self):
        return self.priced is not None and not self.priced.out_of_range

    def place(self):
        """What tenders are sorted by; the name only makes the order the same each time."""
        reliable = self.success_bp is None or self.success_bp >= RELIABLE_BP
        cost = self.priced.quote.fees if self.priced else 0
        return not self.available, not reliable, cost, -(self.success_bp or 0), self.method


class FynloFees(models.AbstractModel):
    _inherit = "fynlo.fees"

    @api.model
    def _ranked(self, location, wish):
        """The location's tenders as :class:`Ranked`, best first, each with what it saves of the dearest."""
        names = self._tenders(location)
        priced, success = self._quotes(location, list(names), wish), self._success(location)
        tenders = [Ranked(code, name, priced[code], success.get(code)) for code, name in names.items()]
        costs = {one.method: one.priced.quote.fees for one in tenders if one.available}
        dearest = max(costs.values(), default=0)
        saving = {code: dearest - cost for code, cost in costs.items()}
        told = [Ranked(one.method, one.name, one.priced, one.success_bp, saving.get(one.method, 0)) for one in tenders]
        return sorted(told, key=Ranked.place)

    @api.model
    def _require_tender(self, location, method):
        """Raises ``payment_method_unavailable`` for what the location does not take."""
        if method not in self._tenders(location):
            message = self.env._("This location does not take %s.", method)
            raise Invalid(message, code="payment_method_unavailable", field="method")

    def _success(self, location):
        self.env["fynlo.payment"].flush_model(["state", "method", "config_id"])
        self.env.cr.execute(OUTCOMES, (location.id, self.env.cr.now()))
        return {method: good * 10_000 // ended for method, good, ended in self.env.cr.fetchall() if ended >= ENOUGH}

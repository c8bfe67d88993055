"""How long a company keeps the history of its connections."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

KEEP_DAYS = 90
KEEP_DAYS_MOST = 3650
BATCH = 5_000


class ResCompany(models.Model):
    _inherit = "res.company"

    fynlo_connection_days = fields.Integer(
        "Connections are kept (days)",
        default=KEEP_DAYS,
        required=True,
        help="Older entries of the connection history, which hold network addresses, are deleted.",
    )

    @api.constrains("fynlo_connection_days")
    def _check_fynlo_connection_days(self):
        for company in self:
            if not 1 <= company.fynlo_connection_days <= KEEP_DAYS_MOST:
                raise ValidationError(self.env._("Connections are kept from 1 to %s days.", KEEP_DAYS_MOST))


class FynloCompanySettings(models.TransientModel):
    _inherit = "fynlo.company.settings"

    connection_days = fields.Integer(
        "Connections are kept", default=lambda self: self.env.company.fynlo_connection_days
    )

    def _rules(self):
        return {**super()._rules(), "connection_days": "fynlo_connection_days"}


class FynloConnection(models.Model):
    _inherit = "fynlo.connection"

    @api.autovacuum
    def _gc_old_connections(self):
        """Forget a batch of what is older than its company keeps; returns (deleted, whether more are left)."""
        self.env.cr.execute(
            """DELETE FROM fynlo_connection WHERE id IN (
                   SELECT connection.id
                     FROM res_company company
                     JOIN fynlo_connection connection ON connection.company_id = company.id
                    WHERE connection.closed_at
                          < now() AT TIME ZONE 'UTC' - company.fynlo_connection_days * interval '1 day'
                    LIMIT %s)""",
            (BATCH,),
        )
        self.invalidate_model(flush=False)
        return self.env.cr.rowcount, self.env.cr.rowcount == BATCH

"""What was answered to a write, so that a repeated request gets the same answer."""

from datetime import timedelta

from odoo import api, fields, models

from ...tools.clock import now

#: Records without a company; companies decide for themselves.
KEEP_DAYS = 90
BATCH = 5_000


class FynloIdempotencyRecord(models.Model):
    """Written by ``rest/idempotency.py`` in the transaction of the effect; never changed after."""

    _name = "fynlo.idempotency"
    _description = "Idempotency record"
    _log_access = False
    _order = "id desc"
    _rec_name = "key"

    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    scope = fields.Char(required=True, readonly=True, help="The device or person that chose the key.")
    key = fields.Char(required=True, readonly=True)
    route = fields.Char(required=True, readonly=True)
    body_hash = fields.Char(required=True, readonly=True)
    status = fields.Integer(required=True, readonly=True)
    body = fields.Text("Answer", readonly=True, groups="fynlo_pos_core.group_platform")
    resource_type = fields.Char(readonly=True)
    resource_id = fields.Char(readonly=True)
    created_at = fields.Datetime(required=True, readonly=True, index=True)

    _key_unique = models.UniqueIndex("(scope, key)")
    _of_resource = models.Index("(resource_id) WHERE resource_id IS NOT NULL")

    @api.autovacuum
    def _gc_old_records(self):
        """Forget what is older than its company keeps; returns (deleted, whether more are left)."""
        old = self.sudo().browse()
        for company in [self.env["res.company"], *self.env["res.company"].sudo().search([])]:
            days = company.fynlo_keep_request_days or KEEP_DAYS
            before = now() - timedelta(days=days)
            old |= old.search([("company_id", "=", company.id), ("created_at", "<", before)], limit=BATCH - len(old))
            if len(old) == BATCH:
                break
        old.unlink()
        return len(old), len(old) == BATCH

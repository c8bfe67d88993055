"""What was answered to a write, so that a repeated request gets the same answer."""

from datetime import timedelta

from odoo import api, fields, models

from ...tools.clock import now

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
        """Forget records after ``KEEP_DAYS``; returns (deleted, whether more are left)."""
        old = self.sudo().search([("created_at", "<", now() - timedelta(days=KEEP_DAYS))], limit=BATCH)
        old.unlink()
        return len(old), len(old) == BATCH

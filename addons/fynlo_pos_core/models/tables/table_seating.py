"""A party at a table: from being seated until it leaves."""

from odoo import fields, models


class FynloTableSeating(models.Model):
    """Written by the table desk alone, under the lock of its table; rows of parties that left are kept."""

    _name = "fynlo.table.seating"
    _description = "Party at a table"
    _log_access = False
    _order = "id desc"
    _rec_name = "table_id"

    table_id = fields.Many2one("restaurant.table", required=True, readonly=True, ondelete="cascade")
    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    state = fields.Selection(
        [("seated", "Seated"), ("bill", "Asked for the bill"), ("left", "Left")],
        required=True,
        readonly=True,
        default="seated",
    )
    guests = fields.Integer(required=True, readonly=True, default=0)
    server_id = fields.Many2one("hr.employee", "Served by", readonly=True, index="btree_not_null")
    seated_at = fields.Datetime(required=True, readonly=True)
    changed_at = fields.Datetime("Last change", required=True, readonly=True)
    left_at = fields.Datetime(readonly=True)

    _one_party = models.UniqueIndex("(table_id, config_id) WHERE state != 'left'")
    _guests_known = models.Constraint("CHECK(guests >= 0)", "A party has no fewer guests than none.")

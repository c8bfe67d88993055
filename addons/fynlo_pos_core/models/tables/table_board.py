"""The floor as managers see it: every table of every location with its party."""

from odoo import fields, models
from odoo.tools import SQL

from .table_status import TABLES


class FynloTableBoard(models.Model):
    """One row a table and location, read afresh each time; joined tables are shown with the one they belong to."""

    _name = "fynlo.table.board"
    _description = "Floor overview"
    _auto = False
    _log_access = False
    _order = "floor_sequence, floor_id, table_number, id"
    _rec_name = "name"

    name = fields.Char("Table", readonly=True)
    table_id = fields.Many2one("restaurant.table", "Record of the table", readonly=True)
    table_number = fields.Integer(readonly=True)
    floor_id = fields.Many2one("restaurant.floor", readonly=True)
    floor_sequence = fields.Integer(readonly=True)
    config_id = fields.Many2one("pos.config", "Location", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    state = fields.Selection(
        [
            ("free", "Free"),
            ("seated", "Seated"),
            ("ordered", "Ordered"),
            ("sent", "In the kitchen"),
            ("ready", "Ready"),
            ("served", "Served"),
            ("bill", "Bill asked for"),
            ("paid", "Paid"),
        ],
        readonly=True,
    )
    seats = fields.Integer(readonly=True)
    guests = fields.Integer(readonly=True)
    server_id = fields.Many2one("hr.employee", "Waiter", readonly=True)
    order_count = fields.Integer("Open orders", readonly=True)
    total = fields.Monetary(readonly=True)
    due = fields.Monetary(readonly=True)
    seated_at = fields.Datetime("Seated", readonly=True)
    first_sent_at = fields.Datetime("First sent", readonly=True)
    write_date = fields.Datetime("Last change", readonly=True)
    fynlo_version = fields.Integer(readonly=True)
    minutes = fields.Integer(compute="_compute_minutes", help="Since the party was seated.")

    @property
    def _table_query(self):
        return SQL(
            """SELECT (board.table_id::bigint << 24) + board.config_id AS id,
                      CASE WHEN board.joined IS NULL THEN board.name ELSE board.name || ' + ' || (
                          SELECT string_agg(one ->> 'name', ' + ')
                            FROM json_array_elements(board.joined) one) END AS name,
                      board.table_id, board.table_number, board.floor_id, board.floor_sequence, board.config_id,
                      board.company_id, board.currency_id, board.state, board.seats, board.guests, board.server_id,
                      board.order_count, board.total, board.due, board.seated_at, board.first_sent_at,
                      coalesce(board.changed_at, '2000-01-01'::timestamp) AS write_date,
                      board.versions AS fynlo_version
                 FROM (%s) board WHERE board.root_uuid IS NULL""",
            SQL(TABLES),
        )

    def _compute_minutes(self):
        now = fields.Datetime.now()
        for table in self:
            table.minutes = (now - table.seated_at).total_seconds() // 60 if table.seated_at else 0

    def action_open_orders(self):
        """The open orders of the table."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("fynlo_pos_core.action_orders")
        tables = self.table_id | self.env["restaurant.table"].search([("parent_id", "=", self.table_id.id)])
        domain = [("table_id", "in", tables.ids), ("config_id", "=", self.config_id.id), ("state", "=", "draft")]
        return {**action, "domain": domain, "context": {}}

"""The order board: what is being served now, by stage, for a manager's screen on the wall."""

from odoo import api, fields, models
from odoo.tools import SQL

#: Orders that are not finished, and those of open tills that were finished today.
ORDERS = """
    SELECT * FROM pos_order WHERE state = 'draft' AND fynlo_number IS NOT NULL AND is_refund IS NOT TRUE
    UNION ALL
    SELECT finished.* FROM pos_order finished JOIN pos_session session ON session.id = finished.session_id
     WHERE session.state = 'opened' AND finished.state IN ('paid', 'done') AND finished.fynlo_number IS NOT NULL
       AND finished.is_refund IS NOT TRUE
"""
BOARD = """
    SELECT board.*,
           CASE WHEN stage = 'paid' THEN 'fine'
                WHEN made_at < now() AT TIME ZONE 'UTC' - late_minutes * interval '1 minute' THEN 'late'
                WHEN made_at < now() AT TIME ZONE 'UTC' - slow_minutes * interval '1 minute' THEN 'slow'
                ELSE 'fine' END AS pace
      FROM (
    SELECT o.id, o.fynlo_number AS number, o.company_id, o.config_id, location.currency_id, o.table_id, o.preset_id,
           seat.table_number,
           o.fynlo_tab_name AS tab_name, o.customer_count AS guests,
           coalesce(o.fynlo_server_id, o.employee_id) AS employee_id, o.date_order AS made_at, o.write_date,
           o.fynlo_version,
           o.fynlo_payment_state AS payment, o.amount_total AS total,
           CASE WHEN o.state = 'draft' THEN o.amount_total - o.amount_paid ELSE 0 END AS due,
           CASE WHEN o.fynlo_fulfilment NOT IN ('sent', 'preparing', 'ready')
                     AND (o.state != 'draft' OR o.fynlo_payment_state = 'paid')
                THEN 'paid' ELSE o.fynlo_fulfilment END AS stage,
           o.fynlo_price_drift IS NOT NULL AND review.id IS NULL AS drifted,
           coalesce(o.fynlo_late_arrival, FALSE) AND review.id IS NULL AS arrived_late,
           location.fynlo_slow_minutes AS slow_minutes, location.fynlo_late_minutes AS late_minutes
      FROM (%s) o
      JOIN pos_config location ON location.id = o.config_id
      LEFT JOIN restaurant_table seat ON seat.id = o.table_id
      LEFT JOIN fynlo_order_review review ON review.order_id = o.id) board
"""


class FynloOrderBoard(models.Model):
    """Read only: an order is changed on a till, or by the buttons of its form."""

    _name = "fynlo.order.board"
    _description = "Order board"
    _auto = False
    _order = "made_at, id"
    _rec_name = "number"
    _depends = {
        "pos.order": [
            "state", "session_id", "config_id", "table_id", "preset_id", "customer_count", "employee_id", "date_order",
            "amount_total", "amount_paid", "fynlo_number", "fynlo_version", "fynlo_payment_state", "fynlo_fulfilment",
            "fynlo_price_drift", "fynlo_late_arrival", "fynlo_tab_name", "fynlo_server_id",
        ],
        "pos.session": ["state"],
        "restaurant.table": ["table_number"],
        "pos.config": ["currency_id", "fynlo_slow_minutes", "fynlo_late_minutes"],
        "fynlo.order.review": ["order_id"],
    }  # fmt: skip

    number = fields.Char(readonly=True)
    stage = fields.Selection(
        [
            ("new", "Not sent"),
            ("sent", "Sent"),
            ("preparing", "Preparing"),
            ("ready", "Ready"),
            ("served", "Served"),
            ("paid", "Paid"),
        ],
        readonly=True,
        group_expand=True,
    )
    pace = fields.Selection(
        [("fine", "In time"), ("slow", "Slow"), ("late", "Too late")],
        readonly=True,
        help="By the minutes since the order was made; each location has its own limits.",
    )
    company_id = fields.Many2one("res.company", readonly=True)
    config_id = fields.Many2one("pos.config", "Location", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    table_id = fields.Many2one("restaurant.table", readonly=True)
    table_number = fields.Integer("Table number", readonly=True)
    tab_name = fields.Char("Tab", readonly=True)
    preset_id = fields.Many2one("pos.preset", readonly=True)
    guests = fields.Integer(readonly=True)
    employee_id = fields.Many2one("hr.employee", "Waiter", readonly=True)
    made_at = fields.Datetime("Made at", readonly=True)
    write_date = fields.Datetime("Changed at", readonly=True)
    slow_minutes = fields.Integer("Slow after (minutes)", readonly=True)
    late_minutes = fields.Integer("Late after (minutes)", readonly=True)
    fynlo_version = fields.Integer("Version", readonly=True)
    payment = fields.Selection(
        [
            ("unpaid", "Unpaid"),
            ("partly_paid", "Partly paid"),
            ("paid", "Paid"),
            ("partly_refunded", "Partly refunded"),
            ("refunded", "Refunded"),
        ],
        readonly=True,
    )
    order_id = fields.Many2one("pos.order", compute="_compute_order_id")
    total = fields.Monetary(readonly=True)
    due = fields.Monetary(readonly=True)
    drifted = fields.Boolean("Price drift", readonly=True)
    arrived_late = fields.Boolean("Late arrival", readonly=True)

    @property
    def _table_query(self):
        return SQL(BOARD % ORDERS)

    @api.depends("number")
    def _compute_order_id(self):
        for row in self:
            row.order_id = row.id

    def action_open(self):
        """The order itself."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.number,
            "res_model": "pos.order",
            "res_id": self.id,
            "views": [(self.env.ref("fynlo_pos_core.order_form").id, "form")],
        }

    def action_send(self):
        """Send what is new to the kitchen."""
        self.order_id.action_fynlo_send()

    def action_complete(self):
        """Close the order, once it is paid."""
        self.order_id.action_fynlo_complete()


class PosConfig(models.Model):
    _inherit = "pos.config"

    fynlo_slow_minutes = fields.Integer(
        "Orders are slow after (minutes)", required=True, default=15, help="Yellow on the order board."
    )
    fynlo_late_minutes = fields.Integer(
        "Orders are too late after (minutes)", required=True, default=30, help="Red on the order board."
    )

    _fynlo_minutes_in_order = models.Constraint(
        "CHECK(0 < fynlo_slow_minutes AND fynlo_slow_minutes < fynlo_late_minutes)",
        "An order is first slow, then too late.",
    )

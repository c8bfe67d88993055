"""Voids, comps, discounts and refunds in one list, for managers."""

from odoo import fields, models
from odoo.tools import SQL

VOIDS = SQL("""
    SELECT 'void' AS kind, (line.fynlo_void ->> 'at')::timestamptz AT TIME ZONE 'UTC' AS at, line.order_id,
           line.full_product_name AS name, line.fynlo_void ->> 'reason' AS reason,
           line.fynlo_void -> 'by' ->> 'id' AS employee_uuid, line.fynlo_void ->> 'approved_by' AS approver,
           (line.fynlo_void ->> 'quantity')::numeric * (line.price_unit + coalesce(parts.price, 0)) AS amount
      FROM pos_order_line line
      LEFT JOIN LATERAL (SELECT sum(part.price_unit) AS price FROM pos_order_line part
                          WHERE part.combo_parent_id = line.id) parts ON TRUE
     WHERE line.fynlo_state = 'voided' AND line.combo_parent_id IS NULL
""")
DISCOUNTS = SQL("""
    SELECT CASE WHEN given ->> 'discount_id' IS NULL THEN 'comp' ELSE 'discount' END, placed.date_order, placed.id,
           given ->> 'name', given ->> 'reason', given ->> 'by', NULL,
           (given ->> 'amount')::numeric / 10 ^ money.decimal_places
      FROM pos_order placed
      JOIN res_company company ON company.id = placed.company_id
      JOIN res_currency money ON money.id = company.currency_id
      CROSS JOIN LATERAL jsonb_array_elements(
          CASE WHEN jsonb_typeof(placed.fynlo_discounts) = 'array' THEN placed.fynlo_discounts ELSE '[]' END) given
     WHERE placed.fynlo_number IS NOT NULL AND placed.state != 'cancel'
""")
ROWS = """
    SELECT row_number() OVER (ORDER BY given.at, given.order_id, given.kind, given.name)::int AS id, given.kind,
           given.at, given.order_id, given.name, given.reason, given.approver, given.amount,
           placed.fynlo_number AS number, placed.fynlo_business_date AS business_date, placed.config_id,
           placed.company_id, placed.session_id, company.currency_id, employee.id AS employee_id
      FROM (%s) given
      JOIN pos_order placed ON placed.id = given.order_id
      JOIN res_company company ON company.id = placed.company_id
      LEFT JOIN hr_employee employee ON employee.fynlo_uuid = given.employee_uuid
"""


class FynloGiveaway(models.Model):
    """Read from the orders themselves, so nothing can be missing. Other addons add to ``_sources``."""

    _name = "fynlo.giveaway"
    _description = "Void, comp, discount or refund"
    _auto = False
    _order = "at desc, id desc"

    kind = fields.Selection(
        [("void", "Void"), ("comp", "Comp"), ("discount", "Discount"), ("refund", "Refund")], readonly=True
    )
    at = fields.Datetime("When", readonly=True)
    business_date = fields.Date("Business date", readonly=True)
    order_id = fields.Many2one("pos.order", readonly=True)
    number = fields.Char("Order number", readonly=True)
    name = fields.Char("What", readonly=True)
    reason = fields.Char(readonly=True)
    employee_id = fields.Many2one("hr.employee", "By", readonly=True)
    approver = fields.Char("Approved by", readonly=True)
    amount = fields.Monetary(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    config_id = fields.Many2one("pos.config", "Location", readonly=True)
    session_id = fields.Many2one("pos.session", "Till session", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)

    def _sources(self):
        """Queries whose rows are (kind, at, order, name, reason, employee's public id, approver, amount)."""
        return [VOIDS, DISCOUNTS]

    @property
    def _table_query(self):
        self.env["pos.order"].flush_model()
        self.env["pos.order.line"].flush_model()
        return SQL(ROWS, SQL(" UNION ALL ").join(self._sources()))

    def action_open_order(self):
        """The order that it was taken off."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("fynlo_pos_core.action_orders")
        view = self.env.ref("fynlo_pos_core.order_form")
        return {**action, "res_id": self.order_id.id, "views": [(view.id, "form")]}

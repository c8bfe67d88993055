"""Counts of a drawer: blind, so the till never learns what was expected before it closes."""

from odoo import api, fields, models

from ...tools.money import to_major


class FynloCashCount(models.Model):
    """Append-only. A count stands for the drawer as it was: cash that moves after it asks for a new one."""

    _name = "fynlo.cash.count"
    _inherit = ["fynlo.resource.mixin"]
    _description = "Cash count"
    _order = "id desc"
    _rec_name = "number"
    _resource_name = "cash_count"

    session_id = fields.Many2one(
        "pos.session", "Till session", required=True, readonly=True, index=True, ondelete="restrict"
    )
    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    employee_id = fields.Many2one("hr.employee", "Counted by", readonly=True)
    number = fields.Integer(
        "Count", required=True, readonly=True, help="1 for the first count of a drawer, 2 for the recount."
    )
    counted = fields.Integer("Counted (minor units)", required=True, readonly=True)
    expected = fields.Integer("Expected (minor units)", required=True, readonly=True)
    denominations = fields.Json(readonly=True)
    recount = fields.Boolean("Recount asked for", readonly=True)
    counted_shown = fields.Monetary("Counted", compute="_compute_shown", currency_field="currency_id")
    expected_shown = fields.Monetary("Expected", compute="_compute_shown", currency_field="currency_id")
    over_short = fields.Monetary("Over or short", compute="_compute_shown", currency_field="currency_id")

    @api.depends("counted", "expected", "currency_id")
    def _compute_shown(self):
        for count in self:
            digits = count.currency_id.decimal_places
            count.counted_shown = to_major(count.counted, digits)
            count.expected_shown = to_major(count.expected, digits)
            count.over_short = to_major(count.counted - count.expected, digits)

    @api.model
    def _standing(self, session, expected):
        """The counts of the drawer as it is now, the oldest first."""
        counts = self.sudo().search([("session_id", "=", session.id)], order="id")
        return counts.filtered(lambda count: count.expected == expected)

    def _api_values(self):
        """The count on the wire, without what was expected."""
        self.ensure_one()
        return {
            "id": self.fynlo_uuid,
            "till_session_id": self.session_id.fynlo_uuid,
            "number": self.number,
            "counted": {"amount": self.counted, "currency": self.currency_id.name},
            "recount": self.recount,
        }

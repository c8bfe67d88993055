"""Till sessions in words and figures, for people in the back office."""

from odoo import api, fields, models
from odoo.tools.misc import format_amount

from ...tools.money import to_major


class PosSession(models.Model):
    _inherit = "pos.session"

    fynlo_posting = fields.Selection(
        [("none", "Not closed"), ("waiting", "Waiting"), ("done", "Posted"), ("failed", "Failed")],
        "Posting",
        compute="_compute_fynlo_posting",
    )
    fynlo_over_short = fields.Monetary("Over / short", compute="_compute_fynlo_over_short")
    fynlo_float_text = fields.Char("Float, counted", compute="_compute_fynlo_counts")
    fynlo_closing_text = fields.Char("Drawer, counted", compute="_compute_fynlo_counts")
    fynlo_report_html = fields.Html("Report", compute="_compute_fynlo_report_html")

    @api.depends("state", "fynlo_posting_error")
    def _compute_fynlo_posting(self):
        for session in self:
            session.fynlo_posting = session._fynlo_posting_state()

    @api.depends("fynlo_counted", "fynlo_expected_cash", "cash_register_balance_end_real")
    def _compute_fynlo_over_short(self):
        for session in self:
            counted = session.fynlo_counted
            session.fynlo_over_short = (
                session.cash_register_balance_end_real - session.fynlo_expected_cash if counted else 0.0
            )

    @api.depends("fynlo_float_count", "fynlo_closing_count")
    def _compute_fynlo_counts(self):
        for session in self:
            session.fynlo_float_text = session._fynlo_piles(session.fynlo_float_count)
            session.fynlo_closing_text = session._fynlo_piles(session.fynlo_closing_count)

    @api.depends("state", "fynlo_z_report")
    def _compute_fynlo_report_html(self):
        """The Z report as it was frozen, or the X report of this moment."""
        for session in self:
            report = session.fynlo_z_report or self.env["fynlo.till.report"]._of(session.sudo(), "x")
            kinds = dict(self.env["fynlo.cash.movement"]._fields["kind"].selection)
            values = {"report": report, "money": session._fynlo_money_text, "kinds": kinds}
            session.fynlo_report_html = self.env["ir.qweb"]._render("fynlo_pos_core.till_report", values)

    def _fynlo_money_text(self, money):
        """An amount of a report as people write it."""
        return format_amount(self.env, to_major(money["amount"], self.currency_id.decimal_places), self.currency_id)

    def action_fynlo_open_orders(self):
        """The orders of the session."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("fynlo_pos_core.action_orders")
        return {**action, "domain": [("session_id", "=", self.id)], "context": {}}

    def _fynlo_piles(self, piles):
        """Counted coins and notes: ``20 × 10.00, 4 × 5.00``."""
        digits = self.currency_id.decimal_places
        return ", ".join(
            f"{pile['count']} × {pile['value'] / 10**digits:.{digits}f}" for pile in piles or [] if pile["count"]
        )

"""What a manager needs to reconcile a till session: takings by method, counts, people, what came late."""

from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.money import to_minor
from .over_short import VERDICTS

TAKINGS = """
    SELECT payment.payment_method_id AS method_id,
           count(*) FILTER (WHERE NOT coalesce(payment.is_change, FALSE)) AS count,
           coalesce(sum(payment.amount) FILTER (WHERE placed.amount_total >= 0), 0) AS taken,
           coalesce(sum(payment.amount) FILTER (WHERE placed.amount_total < 0), 0) AS refunded
      FROM pos_payment payment JOIN pos_order placed ON placed.id = payment.pos_order_id
     WHERE payment.session_id = %s GROUP BY payment.payment_method_id ORDER BY payment.payment_method_id
"""
#: Who and what worked in a session: orders made and money taken, by employee or by device.
EMPLOYEES = """
    SELECT employee.name, count(*) AS orders, coalesce(sum(placed.amount_total), 0) AS total
      FROM pos_order placed JOIN hr_employee employee ON employee.id = placed.employee_id
     WHERE placed.session_id = %s AND placed.state != 'cancel' GROUP BY employee.id ORDER BY total DESC, employee.name
"""
DEVICES = """
    SELECT device.name, count(*) AS orders, coalesce(sum(placed.amount_total), 0) AS total
      FROM pos_order placed JOIN fynlo_device device ON device.id = placed.fynlo_device_id
     WHERE placed.session_id = %s AND placed.state != 'cancel' GROUP BY device.id ORDER BY total DESC, device.name
"""


class PosSession(models.Model):
    _inherit = "pos.session"

    fynlo_takings_html = fields.Html("Takings", compute="_compute_fynlo_takings_html", sanitize=False)
    fynlo_people_html = fields.Html("People and tills", compute="_compute_fynlo_people_html", sanitize=False)
    fynlo_drawer_html = fields.Html("Drawer by denomination", compute="_compute_fynlo_drawer_html", sanitize=False)
    fynlo_verdict = fields.Selection(VERDICTS, "Cash difference", compute="_compute_fynlo_verdict")
    fynlo_over_short_limit = fields.Monetary(related="config_id.fynlo_over_short_limit")
    fynlo_late_count = fields.Integer("Arrived after closing", compute="_compute_fynlo_late_count")
    fynlo_posting_text = fields.Char("Posting so far", compute="_compute_fynlo_posting_text")

    @api.depends("fynlo_counted", "fynlo_over_short", "fynlo_over_short_limit")
    def _compute_fynlo_verdict(self):
        for session in self:
            off, limit = abs(session.fynlo_over_short), session.fynlo_over_short_limit
            if not session.fynlo_counted:
                session.fynlo_verdict = False
            else:
                session.fynlo_verdict = "exact" if not off else "beyond" if off > limit else "within"

    @api.depends("state")
    def _compute_fynlo_takings_html(self):
        for session in self:
            rows = session._fynlo_takings()
            total = {name: sum(row[name] for row in rows) for name in ("count", "taken", "tips", "refunded", "net")}
            session.fynlo_takings_html = session._fynlo_table("till_takings", rows=rows, total=total)

    def _fynlo_takings(self):
        """What was taken and given back by payment method, in minor units; tips are part of what was taken."""
        self.env.flush_all()
        self.env.cr.execute(TAKINGS, (self.id,))
        found, tips, digits = self.env.cr.dictfetchall(), self._fynlo_tips_by_method(), self.currency_id.decimal_places
        rows = []
        for row in found:
            taken, refunded = (to_minor(row[name], digits) for name in ("taken", "refunded"))
            method = self.env["pos.payment.method"].sudo().browse(row["method_id"])
            rows.append(
                {
                    "method": method.name,
                    "count": row["count"],
                    "taken": taken,
                    "tips": tips.get(method.id, 0),
                    "refunded": refunded,
                    "net": taken + refunded,
                }
            )
        return rows

    def _fynlo_tips_by_method(self):
        """Tips in minor units by payment method. Payment addons fill this in."""
        return {}

    @api.depends("state")
    def _compute_fynlo_people_html(self):
        for session in self:
            values = {"employees": session._fynlo_shares(EMPLOYEES), "devices": session._fynlo_shares(DEVICES)}
            session.fynlo_people_html = session._fynlo_table("till_people", **values)

    def _fynlo_shares(self, query):
        self.env.flush_all()
        self.env.cr.execute(query, (self.id,))
        shares, digits = self.env.cr.dictfetchall(), self.currency_id.decimal_places
        return [{**row, "total": to_minor(row["total"], digits)} for row in shares]

    @api.depends("fynlo_count_ids", "fynlo_float_count", "fynlo_closing_count")
    def _compute_fynlo_drawer_html(self):
        for session in self:
            opened, closed = _pieces(session.fynlo_float_count), _pieces(session.fynlo_closing_count)
            values = sorted(opened.keys() | closed.keys(), reverse=True)
            rows = [{"value": value, "float": opened.get(value), "counted": closed.get(value)} for value in values]
            session.fynlo_drawer_html = session._fynlo_table("till_drawer", rows=rows) if rows else False

    def _fynlo_table(self, template, **values):
        """A table of the form; amounts in it are minor units."""
        return self.env["ir.qweb"]._render(f"fynlo_pos_core.{template}", {**values, "money": self._fynlo_minor_text})

    def _fynlo_minor_text(self, minor):
        return self._fynlo_money_text({"amount": minor})

    @api.depends("fynlo_business_date", "config_id")
    def _compute_fynlo_late_count(self):
        for session in self:
            session.fynlo_late_count = self.env["pos.order"].search_count(session._fynlo_late_domain())

    def _fynlo_late_domain(self):
        """Orders of the session's day that came once it was closed, and were booked in a later one."""
        late = Domain("fynlo_late_arrival", "=", True) & Domain("config_id", "=", self.config_id.id)
        return late & Domain("fynlo_business_date", "=", self.fynlo_business_date) & Domain("session_id", ">", self.id)

    @api.depends("fynlo_posting_progress", "fynlo_stock_moved", "fynlo_posting")
    def _compute_fynlo_posting_text(self):
        for session in self:
            done = sum(session.sudo().fynlo_posting_batch_ids.mapped("order_count"))
            session.fynlo_posting_text = session.fynlo_posting in ("waiting", "failed") and self.env._(
                "%(done)s of %(all)s orders added up; stock %(stock)s. It goes on from here.",
                done=done,
                all=session.order_count,
                stock=self.env._("moved") if session.fynlo_stock_moved else self.env._("not moved yet"),
            )

    def action_fynlo_open(self):
        """The session's form."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "pos.session",
            "res_id": self.id,
            "views": [(self.env.ref("fynlo_pos_core.till_session_form").id, "form")],
        }

    def action_fynlo_open_late(self):
        """The orders that arrived after closing."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("fynlo_pos_core.action_orders")
        return {**action, "domain": list(self._fynlo_late_domain()), "context": {}}

    def action_fynlo_print(self):
        """The X or Z report with the reckoning, to print."""
        return self.env.ref("fynlo_pos_core.report_till_session").report_action(self)


def _pieces(piles):
    return {pile["value"]: pile["count"] for pile in piles or [] if pile["count"]}


class FynloCashCount(models.Model):
    _inherit = "fynlo.cash.count"

    denomination_text = fields.Char("Coins and notes", compute="_compute_denomination_text")

    @api.depends("denominations")
    def _compute_denomination_text(self):
        for count in self:
            count.denomination_text = count.session_id._fynlo_piles(count.denominations)

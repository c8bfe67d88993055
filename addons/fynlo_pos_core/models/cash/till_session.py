"""Till sessions: a ``pos.session`` from its opening float to its posted journal entry."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ...rest import declare
from ...tools.clock import wire
from ...tools.money import to_minor

STATES = {"opening_control": "closed", "opened": "open", "closing_control": "closing", "closed": "closed"}

SESSION_STATES = {
    "open": frozenset({"closing"}),
    "closing": frozenset({"closed"}),
    "closed": frozenset(),
}

declare(
    "session_already_open",
    409,
    "Till session already open",
    "The location has an open till session; all its tills share it.",
    "Use the open session, which comes with the refusal.",
)
declare(
    "open_orders",
    409,
    "Orders still open",
    "The till session has orders that are neither completed nor cancelled.",
    "Finish or cancel the orders that the refusal lists, or have a manager carry them over, then close again.",
)


class PosSession(models.Model):
    _name = "pos.session"
    _inherit = ["pos.session", "fynlo.resource.mixin"]
    _resource_name = "till_session"

    fynlo_version = fields.Integer("Version", default=1, required=True, readonly=True, copy=False)
    fynlo_business_date = fields.Date("Business date", readonly=True, copy=False)
    fynlo_opened_by = fields.Many2one("hr.employee", "Opened by", readonly=True, copy=False)
    fynlo_closed_by = fields.Many2one("hr.employee", "Closed by", readonly=True, copy=False)
    fynlo_float_count = fields.Json("Float by denomination", readonly=True, copy=False)
    fynlo_closing_count = fields.Json("Counted by denomination", readonly=True, copy=False)
    fynlo_expected_cash = fields.Monetary("Expected cash at close", readonly=True, copy=False)
    fynlo_counted = fields.Boolean("Counted", readonly=True, copy=False)
    fynlo_z_number = fields.Integer("Z number", readonly=True, copy=False)
    fynlo_z_report = fields.Json("Z report", readonly=True, copy=False)
    fynlo_count_ids = fields.One2many("fynlo.cash.count", "session_id", "Counts", readonly=True)
    fynlo_movement_ids = fields.One2many("fynlo.cash.movement", "session_id", "Cash movements", readonly=True)

    _fynlo_z_unique = models.UniqueIndex(
        "(config_id, fynlo_z_number) WHERE fynlo_z_number > 0", "This Z number is already taken."
    )

    @api.constrains("config_id")
    def _check_pos_config(self):
        """A location trades in one session; one that was counted and is only being posted does not count.

        Odoo would keep the location closed until then, or for good when posting fails.
        """
        for session in self if not self.env.context.get("onboarding_creation") else ():
            trading = self.search_count(
                [
                    ("config_id", "=", session.config_id.id),
                    ("rescue", "=", False),
                    ("state", "!=", "closed"),
                    "|",
                    ("state", "!=", "closing_control"),
                    ("fynlo_counted", "=", False),
                ]
            )
            if trading > 1:
                raise ValidationError(self.env._("Another session is already opened for this point of sale."))

    def write(self, vals):
        """A Z report is never changed, whoever asks."""
        if {"fynlo_z_number", "fynlo_z_report"} & vals.keys() and any(session.fynlo_z_report for session in self):
            raise AccessError(self.env._("A Z report is for good."))
        return super().write(vals)

    def _fynlo_expected_cash_minor(self):
        """What should lie in the drawer: the float, cash taken less change, cash moved in and out."""
        self.ensure_one()
        self.env.cr.execute(
            """SELECT coalesce((SELECT sum(payment.amount)
                                  FROM pos_payment payment
                                  JOIN pos_payment_method method ON method.id = payment.payment_method_id
                                  JOIN account_journal journal ON journal.id = method.journal_id
                                 WHERE payment.session_id = %(session)s AND journal.type = 'cash'), 0)
                    + coalesce((SELECT sum(amount) FROM account_bank_statement_line
                                 WHERE pos_session_id = %(session)s), 0)""",
            {"session": self.id},
        )
        moved = self.env.cr.fetchone()[0]
        digits = self.currency_id.decimal_places
        return to_minor(moved, digits) + to_minor(self.cash_register_balance_start, digits)

    def _api_values(self):
        """The till session on the wire; expected and over/short appear only once it was counted."""
        self.ensure_one()
        digits, currency = self.currency_id.decimal_places, self.currency_id.name

        def money(major):
            return {"amount": to_minor(major, digits), "currency": currency}

        over_short = self.cash_register_balance_end_real - self.fynlo_expected_cash
        return {
            "id": self.fynlo_uuid,
            "version": self.fynlo_version,
            "state": STATES[self.state],
            "name": self.name,
            "location_id": self.config_id.fynlo_uuid,
            "business_date": self.fynlo_business_date and self.fynlo_business_date.isoformat(),
            "opened_at": wire(self.start_at or None),
            "opened_by": _name_of(self.fynlo_opened_by),
            "float": money(self.cash_register_balance_start),
            "closed_at": wire(self.stop_at or None),
            "closed_by": _name_of(self.fynlo_closed_by),
            "expected_cash": money(self.fynlo_expected_cash) if self.fynlo_counted else None,
            "counted_cash": money(self.cash_register_balance_end_real) if self.fynlo_counted else None,
            "over_short": money(over_short) if self.fynlo_counted else None,
            "carried_orders": self.fynlo_carried_count,
            "z_number": self.fynlo_z_number or None,
            "posting": self._fynlo_posting_state(),
        }

    def _fynlo_posting_state(self):
        if self.fynlo_posting_error:
            return "failed"
        return {"closed": "done", "closing_control": "waiting"}.get(self.state, "none")

    def _fynlo_announce(self):
        for session in self:
            self.env["fynlo.outbox"]._emit(
                session.company_id.id,
                f"l.{session.config_id.fynlo_uuid}.till",
                "till_session.updated",
                session.fynlo_uuid,
                session._api_values(),
            )


def _name_of(employee):
    return {"id": employee.fynlo_uuid, "name": employee.name} if employee else None

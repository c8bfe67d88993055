"""Till sessions: a ``pos.session`` from its opening float to its posted journal entry."""

import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ...rest import declare
from ...tools.clock import wire
from ...tools.money import to_minor

_logger = logging.getLogger(__name__)

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
    "Finish or cancel the orders that the refusal lists, then close again.",
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
    fynlo_posting_error = fields.Text(
        "Why it could not be posted", readonly=True, copy=False, help="Put the cause right, then post again."
    )

    _fynlo_z_unique = models.UniqueIndex(
        "(config_id, fynlo_z_number) WHERE fynlo_z_number > 0", "This Z number is already taken."
    )

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
        digits = self.currency_id.decimal_places
        return to_minor(self.env.cr.fetchone()[0], digits) + to_minor(self.cash_register_balance_start, digits)

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

    # --- posting -------------------------------------------------------------------------

    @api.model
    def _cron_fynlo_post(self):
        """Post the journal entries of closed tills, one transaction each; a failure keeps its reason."""
        waiting = self.search(
            [("state", "=", "closing_control"), ("fynlo_counted", "=", True), ("fynlo_posting_error", "=", False)]
        )
        for position, session in enumerate(waiting):
            session._fynlo_post_safely()
            self.env["ir.cron"]._commit_progress(1, remaining=len(waiting) - position - 1)

    def _fynlo_post_safely(self):
        """Post, or undo everything and keep the reason for the manager."""
        try:
            self._fynlo_post()
        except Exception as failure:  # noqa: BLE001 - one till that cannot be posted must not stop the others
            self.env.cr.rollback()
            _logger.exception("Till session %s could not be posted", self.id)
            self.fynlo_posting_error = str(failure) or type(failure).__name__
            self._fynlo_announce()

    def _fynlo_post(self):
        """Let Odoo close the session: stock moves, journal entry, reconciliation.

        Odoo answers some failures with a wizard after rolling back, hence the check of the result.
        """
        self.ensure_one()
        session = self.sudo().with_company(self.company_id)
        result = session.close_session_from_ui()
        if not result.get("successful"):
            raise ValueError(result.get("message") or self.env._("Odoo could not balance the session's entry."))
        session.write({"fynlo_posting_error": False, "fynlo_version": session.fynlo_version + 1})
        session._fynlo_announce()

    def action_fynlo_post_again(self):
        """Back office: try to post once more after the cause was put right."""
        self.write({"fynlo_posting_error": False})
        self.env.ref("fynlo_pos_core.cron_post_till_sessions")._trigger()


def _name_of(employee):
    return {"id": employee.fynlo_uuid, "name": employee.name} if employee else None

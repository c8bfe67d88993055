"""Counting a drawer: once, and once more when the first count is too far off."""

from odoo import api, models

from ...rest import Invalid, Problem, declare
from ...tools.money import to_minor
from .counted import counted_minor, stored_piles

COUNTS_MAX = 2

declare(
    "count_locked",
    409,
    "Drawer already counted",
    "The drawer was counted and nothing has moved since, so that count stands.",
    "Close the till session without an amount, or with the one that was counted.",
)
declare(
    "note_required",
    422,
    "Note required",
    "The cash differs by more than the location allows.",
    "Ask the cashier for an explanation and close again with it as the note.",
)


class FynloTillSessionService(models.AbstractModel):
    _inherit = "fynlo.till.session.service"

    @api.model
    def _count(self, identity, uuid, wish):
        """Keep a blind count. Raises ``count_locked``, ``till_session_closed``, ``id_taken``."""
        session = self._locked_open(identity, uuid)
        if self.env["fynlo.cash.count"].sudo().search_count([("fynlo_uuid", "=", str(wish.id))], limit=1):
            raise Problem("id_taken", self.env._("A count with this id exists already."))
        minor = counted_minor(wish.counted, wish.denominations, session.currency_id.name, "counted")
        count = self._keep_count(identity, session, minor, wish.denominations, fynlo_uuid=str(wish.id))
        self._audit_cash("cash.count", session, count._api_values())
        return count._api_values()

    def _keep_count(self, identity, session, minor, denominations, **values):
        """The count as a row. A drawer may be counted once more after a count that is too far off."""
        expected = session._fynlo_expected_cash_minor()
        counts = self.env["fynlo.cash.count"].sudo()
        before = counts._standing(session, expected)
        if before and not before[-1].recount:
            raise Problem("count_locked", self.env._("The drawer was counted already."))
        number = len(before) + 1
        return counts.create(
            {
                "session_id": session.id,
                "config_id": session.config_id.id,
                "company_id": session.company_id.id,
                "currency_id": session.currency_id.id,
                "employee_id": identity.employee_id,
                "number": number,
                "counted": minor,
                "expected": expected,
                "denominations": stored_piles(denominations),
                "recount": number < COUNTS_MAX and _too_far(session, minor - expected),
                **values,
            }
        )

    def _count_at_close(self, identity, session, wish):
        """The count to close with: the one that stands, or the one that comes with the wish.

        Raises ``count_locked``, ``note_required``.
        """
        count = self.env["fynlo.cash.count"]._standing(session, session._fynlo_expected_cash_minor())[-1:]
        if wish.counted:
            minor = counted_minor(wish.counted, wish.denominations, session.currency_id.name, "counted")
            if not count or count.counted != minor:
                count = self._keep_count(identity, session, minor, wish.denominations)
        if not count:
            raise Invalid(self.env._("Count the drawer first."), field="counted")
        if _too_far(session, count.counted - count.expected) and not wish.note.strip():
            raise Invalid(
                self.env._("The cash differs by more than this location allows: say why."),
                code="note_required",
                field="note",
            )
        return count


def _too_far(session, difference):
    """Whether a difference in minor units is beyond what the location allows."""
    return abs(difference) > to_minor(session.config_id.fynlo_over_short_limit, session.currency_id.decimal_places)

"""Moving cash in and out of a location's drawer."""

from odoo import api, models

from ...rest import Invalid, Problem, paging
from .till_session import STATES


class FynloTillSessionService(models.AbstractModel):
    _inherit = "fynlo.till.session.service"

    @api.model
    def _move_cash(self, identity, uuid, wish):
        """Record cash put into or taken out of the drawer, or that it was opened.

        Raises ``till_session_closed``, ``no_drawer``, ``id_taken``, ``permission_denied``; ``approval_required``
        for opening the drawer without a sale.
        """
        if wish.kind != "no_sale":
            identity.require("cash.move")
        session = self._locked_open(identity, uuid)
        approver = self._allow_no_sale(identity, session, wish)
        minor = self._moved_amount(wish, session.currency_id.name)
        movements = self.env["fynlo.cash.movement"].sudo()
        if movements.search_count([("fynlo_uuid", "=", str(wish.id))], limit=1):
            raise Problem("id_taken", self.env._("A cash movement with this id exists already."))
        movement = movements._move(
            session,
            wish.kind,
            minor,
            wish.reason,
            fynlo_uuid=str(wish.id),
            employee_id=identity.employee_id,
            device_id=identity.device_id or False,
        )
        session.fynlo_version += 1
        self._audit_cash(f"cash.{wish.kind}", session, movement._api_values(), wish.reason, approver)
        session._fynlo_announce()
        return movement._api_values()

    @api.model
    def _movements(self, identity, uuid, query):
        """A page of the session's cash movements, the newest first."""
        session = self._find(identity, uuid)
        domain = [("session_id", "=", session.id)]
        if query.cursor:
            domain.append(("id", "<", paging.decode(query.cursor, int)[0]))
        rows = self.env["fynlo.cash.movement"].sudo().search(domain, order="id desc", limit=query.limit + 1)
        return paging.page(rows, query.limit, lambda movement: movement._api_values(), lambda movement: [movement.id])

    def _locked_open(self, identity, uuid):
        """The location's session, locked until commit. Raises ``till_session_closed``, ``no_drawer``."""
        session = self._locked(self._find(identity, uuid))
        if STATES[session.state] != "open":
            raise Problem("till_session_closed", self.env._("The till session %s is closed.", session.name))
        if not session.cash_journal_id:
            raise Problem("no_drawer", self.env._("This location has no cash payment method."))
        return session

    def _allow_no_sale(self, identity, session, wish):
        if wish.kind != "no_sale":
            return None
        facts = self.env["fynlo.location.facts"]._of(identity.location_id, identity.catalogue_version)
        service = self.env["fynlo.approval.service"]
        return service._require(identity, facts, "drawer.open", session.fynlo_uuid, 0, wish.approval_id)

    def _moved_amount(self, wish, currency):
        """The amount in minor units; only opening the drawer moves nothing."""
        minor = wish.amount.amount if wish.amount else 0
        if wish.amount and wish.amount.currency != currency:
            raise Invalid(self.env._("This location trades in %s.", currency), field="amount.currency")
        if wish.kind == "no_sale" and minor:
            raise Invalid(self.env._("Opening the drawer moves no cash."), field="amount")
        if wish.kind != "no_sale" and minor <= 0:
            raise Invalid(self.env._("A cash movement is of more than nothing."), field="amount.amount")
        return minor

    def _audit_cash(self, action, session, after, reason="", approver=None):
        self.env["fynlo.audit.log"]._record(
            action,
            company_id=session.company_id.id,
            resource=("till_session", session.fynlo_uuid),
            after=after,
            reason=reason,
            approver=approver,
        )

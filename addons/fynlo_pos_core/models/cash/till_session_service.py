"""Opening and closing till sessions for tills."""

from odoo import api, models

from ...rest import NotFound, Problem
from ...tools.money import to_major
from ..system.transition import require_transition
from .counted import counted_minor, stored_piles
from .till_session import SESSION_STATES, STATES

QUIET = {"tracking_disable": True, "mail_create_nolog": True, "mail_create_nosubscribe": True}


class FynloTillSessionService(models.AbstractModel):
    _name = "fynlo.till.session.service"
    _description = "Till session service"

    @api.model
    def _open(self, identity, wish):
        """Open the location's session with its float. Raises ``session_already_open``, ``location_not_ready``.

        Two tills that open at once wait for each other on the location's row.
        """
        self.env["fynlo.location.facts"]._of(identity.location_id, identity.catalogue_version)  # fit to sell?
        location = self._locked_location(identity)
        current = self._current_of(location)
        if current:
            raise Problem(
                "session_already_open",
                self.env._("The till session %s is open.", current.name),
                current=current._api_values(),
            )
        float_minor = counted_minor(wish.float, wish.denominations, location.currency_id.name, "float")
        location._check_before_creating_new_session()
        location.company_id._fynlo_prepare_till_accounts()
        location._fynlo_book_tips_as_owed()
        session = self._new_session(identity, location, wish)
        session.set_opening_control(to_major(float_minor, location.currency_id.decimal_places), wish.note)
        session.update_stock_at_closing = True  # stock never moves inside a payment request
        self._take_over_open_orders(identity, session)
        session._fynlo_announce()
        return session._api_values()

    def _new_session(self, identity, location, wish):
        sessions = self.env["pos.session"].sudo().with_context(**QUIET).with_company(location.company_id)
        return sessions.create(
            {
                "config_id": location.id,
                "user_id": identity.user_id or self.env.uid,
                "employee_id": identity.employee_id,
                "fynlo_uuid": str(wish.id),
                "fynlo_opened_by": identity.employee_id,
                "fynlo_business_date": location._fynlo_business_date(),
                "fynlo_float_count": stored_piles(wish.denominations),
            }
        )

    @api.model
    def _current(self, identity):
        """The open session. Raises ``not_found`` when the till is closed."""
        session = self._current_of(self.env["pos.config"].sudo().browse(identity.location_id))
        if not session:
            raise NotFound(self.env._("The till session of this location is not open."))
        return session._api_values()

    @api.model
    def _read(self, identity, uuid):
        return self._find(identity, uuid)._api_values()

    @api.model
    def _close(self, identity, uuid, wish, call):
        """Close with the drawer's count. The books are posted in the background right after.

        Nobody can start an order once this holds the session's row; orders that were being made
        are waited for and seen. Raises ``open_orders``, ``illegal_transition``, ``note_required``.
        """
        location = self._locked_location(identity)
        session = self._locked(self._find(identity, uuid))
        call.require_version(session.fynlo_version, session._api_values())
        require_transition(self.env, SESSION_STATES, STATES[session.state], "closing")
        open_orders = self._open_orders(identity, session, wish)
        count = self._count_at_close(identity, session, wish)
        digits = session.currency_id.decimal_places
        session.write(
            {
                "cash_register_balance_end_real": to_major(count.counted, digits),
                "fynlo_expected_cash": to_major(count.expected, digits),
                "fynlo_closing_count": count.denominations,
                "fynlo_counted": True,
                "fynlo_closed_by": identity.employee_id,
                "fynlo_version": session.fynlo_version + 1,
                "state": "closing_control",
                "stop_at": self.env.cr.now().replace(microsecond=0),
                "closing_notes": wish.note,
            }
        )
        if open_orders:
            self._leave_open_orders(identity, session, open_orders, wish.note)
        self._freeze_z_report(location, session)
        self._audit_cash("till_session.close", session, session._api_values(), wish.note)
        self.env.ref("fynlo_pos_core.cron_post_till_sessions").sudo()._trigger()
        session._fynlo_announce()
        return session._api_values()

    def _locked_location(self, identity):
        self.env.cr.execute("SELECT id FROM pos_config WHERE id = %s FOR NO KEY UPDATE", (identity.location_id,))
        return self.env["pos.config"].sudo().browse(identity.location_id)

    def _locked(self, session):
        """The session as it is once no other request is writing it, nor an order being made in it.

        Payments of its orders may go on: whoever needs them waits for the orders' rows.
        """
        self.env.cr.execute("SELECT id FROM pos_session WHERE id = %s FOR NO KEY UPDATE", (session.id,))
        session.invalidate_recordset()
        return session

    def _current_of(self, location):
        return (
            self.env["pos.session"]
            .sudo()
            .search([("config_id", "=", location.id), ("state", "=", "opened"), ("rescue", "=", False)], limit=1)
        )

    def _find(self, identity, uuid):
        session = (
            self.env["pos.session"]
            .sudo()
            .search([("fynlo_uuid", "=", str(uuid)), ("config_id", "=", identity.location_id)], limit=1)
        )
        if not session:
            raise NotFound(self.env._("There is no such till session at this location."))
        return session

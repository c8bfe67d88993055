"""Orders that are still open when a manager closes their till: the next session takes them over.

Until then they stay with the closed session: tills see and edit them, but no money is taken, as no
drawer is open. Cash that was taken on them before is a deposit in the books of both sessions.
"""

from odoo import api, fields, models

from ...rest import Problem
from ...tools.money import to_minor

OPEN_ORDERS = """
    SELECT o.id, o.uuid, coalesce(o.fynlo_number, o.name)
      FROM pos_order o WHERE o.session_id = %s AND o.state = 'draft' ORDER BY o.id FOR UPDATE OF o
"""
LEFT_BEHIND = """
    SELECT o.id FROM pos_order o JOIN pos_session session ON session.id = o.session_id
     WHERE o.config_id = %s AND o.state = 'draft' AND session.state IN ('closing_control', 'closed')
     ORDER BY o.id FOR UPDATE OF o
"""
CASH_TAKEN = """
    SELECT coalesce(sum(payment.amount), 0)
      FROM pos_payment payment
      JOIN pos_payment_method method ON method.id = payment.payment_method_id
      JOIN account_journal journal ON journal.id = method.journal_id
     WHERE payment.pos_order_id = ANY(%s) AND journal.type = 'cash'
"""
REFUSED_MAX = 100


class PosOrder(models.Model):
    _inherit = "pos.order"

    fynlo_carried = fields.Boolean(
        "Waits for the next till session", readonly=True, copy=False, help="Its till session closed while it was open."
    )


class PosSession(models.Model):
    _inherit = "pos.session"

    fynlo_carried_count = fields.Integer("Orders carried over", readonly=True, copy=False)

    def get_session_orders(self):
        """Orders that wait for the next session do not keep this one from closing."""
        return super().get_session_orders().filtered(lambda order: not (order.fynlo_carried and order.state == "draft"))


class FynloTillSessionService(models.AbstractModel):
    _inherit = "fynlo.till.session.service"

    def _open_orders(self, identity, session, wish):
        """The ids of the session's open orders, locked. Raises ``open_orders`` unless they may be carried over."""
        self.env.flush_all()
        self.env.cr.execute(OPEN_ORDERS, (session.id,))
        rows = self.env.cr.fetchall()
        if rows and wish.open_orders != "carry":
            raise Problem(
                "open_orders",
                self.env._("%s orders are still open.", len(rows)),
                orders=[{"id": uuid, "number": number} for _id, uuid, number in rows[:REFUSED_MAX]],
            )
        if rows:
            identity.require("till_session.force_close")
        return [order_id for order_id, _uuid, _number in rows]

    def _leave_open_orders(self, identity, session, order_ids, note):
        """Set the open orders of a closing session aside for the next one."""
        self.env.cr.execute("UPDATE pos_order SET fynlo_carried = TRUE WHERE id = ANY(%s)", (order_ids,))
        self.env["pos.order"].invalidate_model(["fynlo_carried"], flush=False)
        session.fynlo_carried_count = len(order_ids)
        self._move_deposits(identity, session, order_ids, "deposit_in")
        self._audit_cash("till_session.carry", session, {"orders": len(order_ids)}, note)

    def _take_over_open_orders(self, identity, session):
        """Give the new session every open order that earlier sessions of its location left behind."""
        self.env.flush_all()
        self.env.cr.execute(LEFT_BEHIND, (session.config_id.id,))
        order_ids = [order_id for (order_id,) in self.env.cr.fetchall()]
        if not order_ids:
            return
        self.env.cr.execute(
            "UPDATE pos_order SET session_id = %s, fynlo_carried = FALSE WHERE id = ANY(%s)", (session.id, order_ids)
        )
        self.env.cr.execute(
            "UPDATE pos_payment SET session_id = %s WHERE pos_order_id = ANY(%s)", (session.id, order_ids)
        )
        self.env["pos.order"].invalidate_model(flush=False)
        self.env["pos.payment"].invalidate_model(flush=False)
        session.invalidate_recordset(["order_ids"], flush=False)
        self._move_deposits(identity, session, order_ids, "deposit_out")

    def _move_deposits(self, identity, session, order_ids, kind):
        """Book the cash taken on open orders, which their session's own entry leaves out or has too much."""
        self.env.cr.execute(CASH_TAKEN, (order_ids,))
        taken = self.env.cr.fetchone()[0]
        minor = to_minor(taken, session.currency_id.decimal_places)
        if minor > 0:
            self.env["fynlo.cash.movement"]._move(
                session,
                kind,
                minor,
                self.env._("%s open orders", len(order_ids)),
                employee_id=identity.employee_id,
                device_id=identity.device_id or False,
            )


class FynloOrderService(models.AbstractModel):
    _inherit = "fynlo.order.service"

    @api.model
    def _payment_registered(self, identity, order, facts, *, complete):
        self._require_drawer(order)
        return super()._payment_registered(identity, order, facts, complete=complete)

    @api.model
    def _complete_locked(self, identity, order, facts):
        self._require_drawer(order)
        return super()._complete_locked(identity, order, facts)

    def _require_drawer(self, order):
        """An order that waits for the next session can be edited, but takes no money until then."""
        if order.carried:
            raise Problem("no_open_session", self.env._("The order waits for the next till session."))

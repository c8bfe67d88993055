"""Refunding completed orders: reserve → call → apply, as payments are taken.

The order is locked first, so refunds of one order follow each other and each sees what the ones
before have left. What a tender settles at once (cash) is done in the request's one transaction;
a provider outside this server is asked after it by ``refund_call.py``.
"""

from odoo import api, models
from odoo.addons.fynlo_pos_core.engine import refund as engine
from odoo.addons.fynlo_pos_core.rest import Invalid, NotFound, Problem, paging
from odoo.addons.fynlo_pos_core.rest.shapes import MoneyShape


class FynloRefundService(models.AbstractModel):
    _name = "fynlo.refund.service"
    _description = "Refund service"

    # --- what tills ask for --------------------------------------------------------------

    @api.model
    def _refund_order(self, identity, order_uuid, wish):
        """Give back lines, an amount or everything of an order; returns the refunds and the order.

        Without ``wish.payment_id`` the latest payments are given back first, none more than it
        took. Refunds by a provider outside this server are ``sent`` when this returns; the caller
        goes on with ``refund_call.give_back`` after the commit. Raises ``refund_exceeds_paid``,
        ``nothing_to_refund``, ``no_open_session``, ``refund_unavailable``, ``approval_required``.
        """
        facts, order = self._locked(identity, order_uuid)
        payments = self._payments(order)
        if wish.payment_id:
            payments = payments.filtered(lambda payment: payment.fynlo_uuid == str(wish.payment_id))
        if not payments:
            raise NotFound(self.env._("The order has no such payment."))
        return self._give_back(identity, facts, order, payments, wish)

    @api.model
    def _refund_payment(self, identity, payment_uuid, wish):
        """The same for one payment: without lines or an amount, all that is left of it."""
        payment = self._payment(identity, payment_uuid)
        facts, order = self._locked(identity, payment.order_id.uuid)
        payment.invalidate_recordset()
        left = payment._refundable()
        everything = wish.lines is None and wish.amount is None and wish.tip is None
        if everything and left < sum(one._refundable() for one in self._payments(order)):
            wish = wish.model_copy(update={"amount": MoneyShape(amount=left, currency=facts.currency)})
        return self._give_back(identity, facts, order, payment, wish)

    @api.model
    def _read(self, identity, uuid):
        return self._find(identity, uuid)._api_values()

    @api.model
    def _outcome(self, identity, uuids, order_uuid):
        """Refunds and their order as they are now, in the shape in which they were answered."""
        refunds = self._refunds().search([("fynlo_uuid", "in", list(uuids)), ("config_id", "=", identity.location_id)])
        by_uuid = {refund.fynlo_uuid: refund._api_values() for refund in refunds}
        order = self.env["fynlo.order.service"]._document(identity, order_uuid)
        return {"refunds": [by_uuid[uuid] for uuid in uuids], "order": order}

    @api.model
    def _page(self, identity, query):
        """A page of the location's refunds, the newest first."""
        domain = [("config_id", "=", identity.location_id)]
        if query.order_id:
            domain.append(("order_id.uuid", "=", str(query.order_id)))
        if query.state:
            domain.append(("state", "=", query.state))
        if query.owed is not None:
            domain.append(("owed", ">" if query.owed else "=", 0))
        if query.cursor:
            domain.append(("id", "<", paging.decode(query.cursor, int)[0]))
        rows = self._refunds().search(domain, order="id desc", limit=query.limit + 1)
        return paging.page(rows, query.limit, lambda row: row._api_values(), lambda row: [row.id])

    # --- steps ---------------------------------------------------------------------------

    def _give_back(self, identity, facts, order, payments, wish):
        sold = self.env["fynlo.order.rows"]._sold(order, facts)
        returned = engine.returned_rows(self._pieces(sold, facts, wish), facts, self._odoo_taxes(facts))
        methods = {wish.to_method} if wish.to_method else set(payments.mapped("method"))
        amount = self._money(order, facts, sold, returned, methods)
        tip = sum(row.total for row in returned if row.sold.kind == "tip")
        shares = self._shares(payments, amount)
        self = self._towards(identity, facts, order, wish)
        self._check_providers(shares, wish.to_method)
        session_id = self._open_session(identity)
        shared = {
            "kind": "refund",
            "session_id": session_id,
            "reason": wish.reason,
            "request_uuid": str(wish.id),
            "approver": self._approver(identity, facts, order, amount, wish, shares, so_far=order.refunded),
        }
        self._refuse_taken(wish.id)
        refunds = self._reserve(identity, facts, order, shares, tip, wish, shared, wish.to_method)
        for refund in refunds:
            self._call(refund)
        self._apply(identity, facts, order, refunds, returned)
        return self._answer(facts, order, refunds)

    def _locked(self, identity, order_uuid):
        """The facts and the completed order, locked. Payments of an open order are rolled back instead."""
        service = self.env["fynlo.order.service"]
        facts = service._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(order_uuid, facts)
        if order.state != "completed":
            raise Problem(
                "illegal_transition",
                self.env._("Only a completed order is refunded; payments of an open one are rolled back."),
                current_state=order.state,
                allowed=[],
            )
        return facts, order

    def _payment(self, identity, uuid):
        payment = (
            self.env["fynlo.payment"]
            .sudo()
            .search([("fynlo_uuid", "=", str(uuid)), ("config_id", "=", identity.location_id)], limit=1)
        )
        if not payment:
            raise NotFound(self.env._("There is no such payment at this location."))
        return payment

    def _payments(self, order):
        """The payments of an order, the latest first. The order's lock keeps them as they are."""
        payments = self.env["fynlo.payment"].sudo().search([("order_id", "=", order.row_id)], order="id desc")
        payments.invalidate_recordset()
        return payments

    def _refunds(self):
        return self.env["fynlo.refund"].sudo()

    def _odoo_taxes(self, facts):
        return self.env["fynlo.order.service"]._odoo_taxes(facts)

    def _kept(self, order):
        """What of the money paid for a completed order has not gone back and is not owed to the guest either."""
        owed = self._refunds().search([("order_id", "=", order.row_id), ("owed", ">", 0)])
        return order.paid - order.refunded - sum(owed.filtered(lambda one: one._returns_goods()).mapped("owed"))

    def _money(self, order, facts, sold, returned, methods):
        """What is handed out: as much as the rows come to, in the coins in use; for all of them, all that was paid."""
        amount, rule = sum(row.total for row in returned), facts.cash_rounding
        if not rule or not any(rule.applies_to(method) for method in methods):
            return amount
        left = self._kept(order) - sum(row.left for row in sold if row.kind == "surcharge")
        whole = amount == sum(row.left for row in sold if row.kind != "surcharge")
        given = left if whole else min(rule.rounded(amount), left)
        return given - given % rule.step if methods == {"cash"} else given

    def _pieces(self, sold, facts, wish):
        """What goes back of each row of the order."""
        for name in ("amount", "tip"):
            money = getattr(wish, name)
            if money and (money.currency != facts.currency or money.amount <= 0):
                raise Invalid(self.env._("An amount of %s above 0 is needed.", facts.currency), field=name)
        pieces = []
        if wish.lines is not None:
            pieces += engine.pieces_of_lines(sold, [(str(w.line_id), w.quantity, w.restock) for w in wish.lines])
        if wish.amount:
            pieces += engine.pieces_of_bill_first(sold, wish.amount.amount)
        if wish.tip:
            pieces += engine.pieces_of_tip(sold, wish.tip.amount)
        return pieces or engine.pieces_of_all(sold, wish.restock)

    def _shares(self, payments, amount):
        """How much of ``amount`` each payment gives back, in their order."""
        if not amount:
            raise Problem("nothing_to_refund", self.env._("There is nothing to give back for that."))
        shares, rest = [], amount
        for payment in payments:
            share = min(rest, payment._refundable())
            if share:
                shares.append((payment, share))
                rest -= share
        if rest:
            raise Problem("refund_exceeds_paid", self.env._("There is less than that left to refund."))
        return shares

    def _open_session(self, identity):
        """The session whose drawer gives the money, held open until commit."""
        self.env.cr.execute(
            """SELECT id FROM pos_session
                WHERE config_id = %s AND state = 'opened' AND NOT coalesce(rescue, false) FOR SHARE""",
            (identity.location_id,),
        )
        row = self.env.cr.fetchone()
        if not row:
            raise Problem("no_open_session", self.env._("The till session of this location is not open."))
        return row[0]

    def _answer(self, facts, order, refunds):
        """Announce everything that changed; the refunds with the order as it is now."""
        payments = refunds.payment_id
        self.env.flush_all()
        refunds.invalidate_recordset()
        order.payments = self.env["fynlo.payment"]._documents_by_order([order.row_id])[order.row_id]
        topic = f"l.{facts.location_uuid}.payments"
        for document in order.payments:
            if document["id"] in payments.mapped("fynlo_uuid"):
                self.env["fynlo.outbox"]._emit(facts.company_id, topic, "payment.updated", document["id"], document)
        refunds._announce()
        for refund in refunds:
            self._audit(refund)
        placed = self.env["fynlo.order.service"]._announce(order, facts, "order.updated")
        return {"refunds": [refund._api_values() for refund in refunds], "order": placed}

    def _audit(self, refund):
        self.env["fynlo.audit.log"]._record(
            "payment.rolled_back" if refund.kind == "rollback" else "refund.created",
            company_id=refund.company_id.id,
            resource=("order", refund.order_id.uuid),
            after=refund._api_values(),
            reason=refund.reason,
            approver=refund.approver,
        )

"""Taking payments: reserve → call → apply.

A tender that is over at once (cash) does all three in the request's one transaction. The order is
locked first, so two tills that pay the same order wait for each other and neither pays too much.
"""

from odoo import api, models
from odoo.addons.fynlo_pos_core.engine.surcharge import order_add_surcharge
from odoo.addons.fynlo_pos_core.engine.tips import most_tip
from odoo.addons.fynlo_pos_core.models.orders.order_states import ORDER_STATES
from odoo.addons.fynlo_pos_core.models.system.transition import require_transition
from odoo.addons.fynlo_pos_core.rest import Invalid, NotFound, Problem, declare, paging
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.addons.fynlo_pos_core.tools.money import to_major

from ..providers.provider import PREFIX
from .payment import payment_document

declare(
    "amount_exceeds_due",
    409,
    "More than is due",
    "The payment is of more than the order still owes.",
    "Refresh the order and take what is due; another till may have taken a payment.",
)
declare(
    "not_payable_in_cash",
    409,
    "Not payable in cash",
    "The location rounds cash to the coins in use, and these cannot make the amount.",
    "Take the order's totals.cash_due, or a part of it that is a multiple of the smallest coin.",
)
declare(
    "payment_declined",
    402,
    "Payment declined",
    "The tender took no money; nothing was recorded and the order is as it was.",
    "Show the reason and ask for another tender. A new try needs a new id and a new Idempotency-Key.",
)
declare(
    "payment_method_unavailable",
    422,
    "Tender not offered",
    "This location does not take that tender.",
    "Offer only the location's payment methods.",
)


class FynloPaymentService(models.AbstractModel):
    _name = "fynlo.payment.service"
    _description = "Payment service"

    @api.model
    def _take(self, identity, order_uuid, wish):
        """Take one payment for an order; return its document with the order's beside it.

        With a tender outside this server the payment is only sent here (``payment_sending.py``): its state
        is then ``sent``, and the caller goes on with ``provider_call.charge`` after the commit.

        ``wish.amount`` goes to the order, ``wish.tendered`` is what the guest handed over. With
        ``wish.complete`` a fully paid order is closed in the same step.
        """
        facts = self.env["fynlo.order.service"]._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(order_uuid, facts)
        require_transition(self.env, ORDER_STATES, order.state, "completed")
        method_id = self._method(facts, wish.method)
        self._add_tip(order, facts, wish)
        self._check_amounts(order, facts, wish)
        if not self.env[PREFIX + wish.method]._immediate:
            return self._send(order, identity, facts, method_id, wish)
        attempt = self._reserve(order, identity, facts, wish)
        outcome = self._charge(attempt)
        document = self._apply(attempt, outcome, order, facts, method_id, identity)
        placed = self.env["fynlo.order.service"]._payment_registered(identity, order, facts, complete=wish.complete)
        return {**document, "order": placed}

    @api.model
    def _read(self, identity, uuid):
        """One payment of the location. Raises ``not_found``."""
        document = self.env["fynlo.payment"]._document(uuid, identity.location_id)
        if document is None:
            raise NotFound(self.env._("There is no such payment at this location."))
        return document

    @api.model
    def _page(self, identity, query):
        """A page of the location's payments, the newest first. Raises ``validation_failed`` for a foreign cursor."""
        before = paging.decode(query.cursor, int)[0] if query.cursor else None
        rows = self.env["fynlo.payment"]._rows(
            identity.location_id,
            limit=query.limit + 1,
            before=before,
            order=query.order_id and str(query.order_id),
            state=query.state,
            method=query.method,
        )
        return paging.page(rows, query.limit, payment_document, lambda row: [row["id"]])

    # --- steps ---------------------------------------------------------------------------

    def _method(self, facts, tender):
        """The payment method that books ``tender`` at this location."""
        if tender not in facts.tenders:
            raise Invalid(
                self.env._("This location does not take %s.", tender),
                code="payment_method_unavailable",
                field="method",
            )
        return facts.tenders[tender]

    def _add_tip(self, order, facts, wish):
        """A tip given with the payment is due on top of the bill."""
        tip = wish.tip.amount if wish.tip else 0
        if tip < 0:
            raise Invalid(self.env._("A tip cannot be negative."), field="tip.amount")
        if tip and not facts.tip_product_id:
            raise Invalid(self.env._("This location takes no tips."), code="tip_unavailable", field="tip")
        if tip and order.tip + tip > most_tip(order, facts.digits):
            raise Invalid(self.env._("A tip is at most ten times the bill."), code="tip_too_large", field="tip.amount")
        order.tip += tip

    def _check_amounts(self, order, facts, wish):
        for name in ("amount", "tip", "tendered"):
            money = getattr(wish, name)
            if money and money.currency != facts.currency:
                raise Invalid(self.env._("This location trades in %s.", facts.currency), field=f"{name}.currency")
        if wish.amount.amount <= 0:
            raise Invalid(self.env._("A payment is of more than nothing."), field="amount.amount")
        charged = _charged(wish)
        self._round(order, facts, wish.method, charged)
        if charged > order.due:
            raise Problem(
                "amount_exceeds_due",
                self.env._("The order owes less than that."),
                due={"amount": order.due, "currency": facts.currency},
            )
        if charged > order.unclaimed:
            raise Problem(
                "payment_in_progress",
                self.env._("Another payment of the order is not over yet."),
                due={"amount": order.unclaimed, "currency": facts.currency},
            )
        self._check_tendered(wish, charged)

    def _check_tendered(self, wish, charged):
        """Change comes out of the drawer, so only a tender that went into it gives any."""
        if not wish.tendered:
            return
        if wish.tendered.amount < charged:
            raise Invalid(self.env._("What was tendered does not cover the amount."), field="tendered.amount")
        if wish.tendered.amount > charged and not self.env[PREFIX + wish.method]._gives_change:
            raise Invalid(
                self.env._("Only cash gives change. Take the exact amount with this tender."), field="tendered.amount"
            )

    def _round(self, order, facts, tender, charged):
        """Settle the bill at what the coins in use can pay, when ``charged`` is just that.

        Raises ``not_payable_in_cash`` for an amount that these coins cannot make.
        """
        rule = facts.cash_rounding
        if not rule or not rule.applies_to(tender):
            return
        settling = rule.rounded(order.unclaimed)
        if charged == settling:
            order.rounding += settling - order.unclaimed
        elif charged != rule.rounded(charged):
            raise Problem(
                "not_payable_in_cash",
                self.env._("The coins in use cannot make this amount."),
                cash_due={"amount": settling, "currency": facts.currency},
            )

    def _reserve(self, order, identity, facts, wish):
        """The attempt row: it carries the client's id, so the same payment can never be taken twice."""
        charged = _charged(wish)
        taken = wish.tendered.amount if wish.tendered else charged
        return self.env["fynlo.payment"]._reserve(
            identity.user_id,
            fynlo_uuid=str(wish.id),
            order_id=order.row_id,
            company_id=facts.company_id,
            config_id=facts.location_id,
            session_id=order.session_id,
            employee_id=identity.employee_id or None,
            device_id=identity.device_id or None,
            currency_id=facts.currency_id,
            method=wish.method,
            amount=wish.amount.amount,
            amount_shown=to_major(wish.amount.amount, facts.digits),
            tip=charged - wish.amount.amount,
            tendered=taken,
            change=taken - charged,
        )

    def _charge(self, attempt):
        """Have the tender take the money. Raises ``payment_declined``, which leaves no attempt behind."""
        outcome = attempt._provider()._charge(attempt)
        if outcome.state != "captured":
            raise Problem(
                "payment_declined",
                self.env._("No money was taken."),
                reason=outcome.failure_code or "declined",
            )
        return outcome

    def _apply(self, attempt, outcome, order, facts, method_id, identity):
        """Record the outcome; captured money reaches the order and Odoo's payment rows."""
        attempt._settle(outcome)
        self._book(attempt, order, facts, method_id, identity)
        self.env["fynlo.payment.entry"]._enter_capture(attempt)
        order_add_surcharge(order, attempt.surcharge, facts)
        order.paid += attempt._charged()
        order.change += attempt.change
        document = _document_of(attempt, order, facts)
        order.payments = [*(known for known in order.payments if known["id"] != attempt.fynlo_uuid), document]
        topic = f"l.{facts.location_uuid}.payments"
        self.env["fynlo.outbox"]._emit(facts.company_id, topic, "payment.updated", attempt.fynlo_uuid, document)
        return document

    def _book(self, attempt, order, facts, method_id, identity):
        """Odoo's rows: what was tendered, and the change as a negative row of its own."""
        shared = {
            **facts.payment_defaults,
            "pos_order_id": order.row_id,
            "payment_method_id": method_id,
            "payment_date": self.env.cr.now().replace(microsecond=0),
            "session_id": order.session_id,
            "company_id": facts.company_id,
            "employee_id": identity.employee_id,
            "fynlo_payment_id": attempt.id,
        }
        rows = [
            {
                **shared,
                "uuid": attempt.fynlo_uuid,
                "amount": to_major(attempt.tendered, facts.digits),
                "is_change": False,
            }
        ]
        if attempt.change:
            change = to_major(-attempt.change, facts.digits)
            rows.append({**shared, "uuid": uuid7(), "amount": change, "is_change": True, "name": "return"})
        self.env["fynlo.order.rows"]._lane(order, identity, facts).insert_payments(rows)


def _charged(wish):
    """What the guest is asked for: the amount and the tip."""
    return wish.amount.amount + (wish.tip.amount if wish.tip else 0)


def _document_of(attempt, order, facts):
    """The document of an attempt that is still in memory, as ``Payment._document`` would read it."""
    names = ("fynlo_uuid", "method", "state", "amount", "tip", "fee", "surcharge", "tendered", "change", "refunded")
    names += ("owed", "livemode", "version", "create_date", "write_date")
    row = {name: attempt[name] for name in names}
    for name in ("provider_reference", "failure_code", "card_brand", "card_last4"):
        row[name] = attempt[name] or None
    return payment_document({**row, "order_uuid": order.uuid, "currency": facts.currency})

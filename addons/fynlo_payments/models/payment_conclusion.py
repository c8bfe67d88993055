"""What a provider says of an attempt becomes ours: the last of three transactions, whoever brings the news.

The answer to the call, a notification and the recovery job all end here. An attempt only moves forward,
so the same news twice, or old news late, change nothing (docs/adr/0031).
"""

import logging
from dataclasses import dataclass

from odoo import api, models
from odoo.addons.fynlo_pos_core.engine.order_document import order_document
from odoo.addons.fynlo_pos_core.models.system.transition import require_transition
from odoo.addons.fynlo_pos_core.rest import Problem, idempotency
from odoo.addons.fynlo_pos_core.rest.problem import document as problem_document
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tools import clock
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.addons.fynlo_pos_core.tools.money import to_major

from ..providers.provider import Outcome
from .payment import CLOSED, HOLDING, PAYMENT_STATES
from .payment_failures import failure_sentence

_logger = logging.getLogger(__name__)

#: The provider was certainly not asked: that says nothing of the guest's money.
NOT_ASKED = frozenset({"provider_unavailable", "provider_busy"})
#: The provider holds another amount, currency or payment than was asked for; a person must look.
MISMATCH = "provider_mismatch"
#: It did, and has given everything back.
NOTHING_KEPT = "nothing_kept"


@dataclass(frozen=True, slots=True)
class Step:
    """Where an attempt goes; ``state`` is ``None`` when the news is no news."""

    state: str | None
    failure_code: str | None = None


def next_step(attempt, said):
    """Where what the provider says leads ``attempt``; whose money is that comes for a closed one is not asked here."""
    if _contradicts(attempt, said):
        return _contradicted(attempt, said)
    known = said.state in PAYMENT_STATES and said.state != attempt.state
    if not known or said.state not in PAYMENT_STATES[attempt.state]:
        return Step(None)
    return Step(said.state, said.failure_code)


def _contradicted(attempt, said):
    """Kept apart, until the provider says that it has given everything back, or that there never was anything."""
    if _keeps_nothing(attempt, said):
        return Step("cancelled", NOTHING_KEPT) if attempt.state in HOLDING else Step(None)
    _logger.error("provider %s contradicts payment %s", attempt.method, attempt.fynlo_uuid)
    known = (attempt.state, attempt.failure_code) == ("unknown", MISMATCH)
    return Step("unknown", MISMATCH) if attempt.state in HOLDING and not known else Step(None)


def _keeps_nothing(attempt, said):
    """Whether the provider has none of the guest's money any more by what it knows under the attempt's name."""
    if attempt.provider_reference and said.reference != attempt.provider_reference:
        return False
    given_back = said.state == "captured" and 0 < said.amount_captured <= said.amount_refunded
    return given_back or said.state in {"cancelled", "expired"}


def _contradicts(attempt, said):
    """Whether the provider speaks of other money than was asked for."""
    if said.reference and attempt.provider_reference and said.reference != attempt.provider_reference:
        return True
    if said.currency and said.currency != attempt.currency_id.name:
        return True
    if said.amount is not None and said.amount != attempt._charged():
        return True
    wanted = attempt.capture_amount or attempt._charged()
    return said.state == "captured" and said.amount_captured != wanted


class FynloPayment(models.Model):
    _inherit = "fynlo.payment"

    def _is_void(self):
        """Whether the attempt came to nothing."""
        return self.state in CLOSED

    def _learn(self, said, state, failure_code):
        """Keep what the provider says. ``action`` holds a secret and is not kept."""
        card = said.card or {}
        self.write(
            {
                "state": state,
                "failure_code": failure_code,
                "provider_reference": self.provider_reference or said.reference,
                "provider_alias": self.provider_alias or said.alias,
                "livemode": self.livemode or said.livemode,
                "card_brand": card.get("brand") or self.card_brand,
                "card_last4": card.get("last4") or self.card_last4,
                "card_funding": card.get("funding") or self.card_funding,
                "capture_before": clock.naive_utc(said.capture_before) if said.capture_before else self.capture_before,
                "next_look_at": self.next_look_at if state in HOLDING and failure_code != MISMATCH else False,
                "version": self.version + 1,
            }
        )

    def _keep_captured_part(self, said):
        """Only part of what was authorised was captured: that is what the payment is of."""
        if self.capture_amount and said.amount_captured < self._charged():
            amount = said.amount_captured - self.tip - self.surcharge
            shown = to_major(amount, self.currency_id.decimal_places)
            self.write({"amount": amount, "amount_shown": shown, "tendered": amount + self.tip})


class FynloPaymentService(models.AbstractModel):
    _inherit = "fynlo.payment.service"

    @api.model
    def _conclude(self, payment_id, said):
        """Apply what the provider says (:class:`~..providers.connection.ProviderState`); may be repeated and raced.

        Runs in a transaction of its own. Returns the payment's document with the order's beside it. Raises
        ``no_open_session`` when money came and the order waits for the next till session: ask again then.
        """
        attempt = self.env["fynlo.payment"].sudo().browse(payment_id)
        identity = attempt._taker()
        facts = self.env["fynlo.order.service"]._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(attempt._names()[0], facts)
        attempt.invalidate_recordset()
        step = next_step(attempt, said)
        before = attempt.state
        if step.state is None:
            self._note(attempt, said)
            return self._as_it_is(attempt, order, facts)
        held = attempt.amount if before in HOLDING else 0
        state = self._place_of_late_money(attempt, order) if before in CLOSED else step.state
        if state != before:
            require_transition(self.env, PAYMENT_STATES, before, state)
        attempt._learn(said, state, step.failure_code)
        if state == "captured":
            attempt._keep_captured_part(said)
        order.reserved -= held if state not in HOLDING else 0
        answer = self._keep(attempt, order, identity, facts)
        self._audit_step(attempt, before)
        self._amend_answer(attempt, answer)
        return answer

    @api.model
    def _shown_with_order(self, payment_id):
        """A payment and its order as they are, for whoever may see them anyway."""
        attempt = self.env["fynlo.payment"].sudo().browse(payment_id)
        facts = self.env["fynlo.order.service"]._facts(attempt._taker())
        order = self.env["fynlo.order.rows"]._read_one(attempt._names()[0], facts)
        return self._as_it_is(attempt, order, facts)

    # --- steps ---------------------------------------------------------------------------

    def _note(self, attempt, said):
        """No step, but the provider's name for the attempt may be new: it must never be asked for again by key."""
        if said.reference and not attempt.provider_reference and attempt.state in HOLDING:
            attempt._learn(said, attempt.state, attempt.failure_code)

    def _as_it_is(self, attempt, order, facts):
        self.env.flush_all()
        document = self.env["fynlo.payment"]._document(attempt.fynlo_uuid, attempt.config_id.id)
        return {**document, "order": order_document(order, facts)}

    def _place_of_late_money(self, attempt, order):
        """Money came although the attempt was over: the order takes it while it owes that much and can be paid."""
        fits = order.state == "open" and not order.carried and attempt.amount <= order.unclaimed
        return "captured" if fits else "refund_due"

    def _keep(self, attempt, order, identity, facts):
        """Write the step where it belongs: captured money on the order, money nobody asked for in the ledger."""
        if attempt.state == "captured":
            return self._take_in(attempt, order, identity, facts)
        if attempt.state == "refund_due":
            self.env["fynlo.payment.entry"]._enter_unasked(attempt)
        self.env.flush_all()
        document = self._tell(attempt, order, facts)
        if order.state == "open":
            self.env["fynlo.order.rows"]._update(order, identity, facts)
        placed = self.env["fynlo.order.service"]._announce(order, facts, "order.updated")
        return {**document, "order": placed}

    def _take_in(self, attempt, order, identity, facts):
        """Captured money reaches the order and the books, and completes the order when that was wished for."""
        self.env.flush_all()
        order.tip += attempt.tip
        taken = Outcome("captured", attempt.provider_reference or None)
        attempt.write({"tendered": attempt._charged(), "session_id": order.session_id})
        self.env.flush_all()
        document = self._apply(attempt, taken, order, facts, attempt.payment_method_id.id, identity)
        complete = attempt.complete_after and not order.due and not order.reserved
        placed = self.env["fynlo.order.service"]._payment_registered(identity, order, facts, complete=complete)
        return {**document, "order": placed}

    def _audit_step(self, attempt, before):
        self.env["fynlo.audit.log"]._record(
            "payment.state",
            company_id=attempt.company_id.id,
            resource=("payment", attempt.fynlo_uuid),
            before={"state": before},
            after={"state": attempt.state, "reference": attempt.provider_reference or None},
            reason=attempt.failure_code or None,
        )

    def _amend_answer(self, attempt, answer):
        """What a repetition of the till's request is answered from now on."""
        if attempt.idempotency_key:
            status, body = _answer_of(self.env, attempt, answer)
            idempotency.amend(self.env.cr, attempt.idempotency_scope, attempt.idempotency_key, status, to_json(body))


def declined(env, attempt, document):
    """The refusal that tells a till that no money was taken by an attempt. It stands: the same again is no new try."""
    if attempt["failure_code"] in NOT_ASKED:
        sentence = failure_sentence(env, attempt["failure_code"])
        return Problem(attempt["failure_code"], sentence, payment=document, retryable=False)
    return Problem(
        "payment_declined",
        failure_sentence(env, attempt["failure_code"]),
        reason=attempt["failure_code"] or attempt["state"],
        payment=document,
    )


def _answer_of(env, attempt, answer):
    """Status and body by which a till's request for the attempt is answered as things are."""
    if attempt.state in CLOSED:
        problem = declined(env, attempt, {name: value for name, value in answer.items() if name != "order"})
        return problem.http_status, problem_document(problem, uuid7())
    return (202 if attempt.state in HOLDING else 201), answer

"""What a provider says of a refund becomes ours: the last of three transactions, whoever brings the news.

The answer to the call, a notification and the recovery job all end here. A refund only moves
forward, so the same news twice, or old news late, change nothing.
"""

import logging

from odoo import api, models
from odoo.addons.fynlo_pos_core.models.system.transition import require_transition

from .refund import REFUND_STATES, WAITING

_logger = logging.getLogger(__name__)

#: The provider gave back another amount than was asked for; a person must look.
MISMATCH = "provider_mismatch"


class FynloRefund(models.Model):
    _inherit = "fynlo.refund"

    def _next_state(self, said):
        """Where what the provider says leads: ``(state, failure code)``; the state is ``None`` for no news."""
        if self._contradicted_by(said):
            _logger.error("provider %s contradicts refund %s", self.payment_id.method, self.fynlo_uuid)
            return ("unknown" if "unknown" in REFUND_STATES[self.state] else None), MISMATCH
        state = "sent" if said.state == "reserved" else said.state
        known = state in REFUND_STATES[self.state]
        return (state if known else None), (said.failure_code or state if state == "failed" else None)

    def _contradicted_by(self, said):
        """Whether the provider speaks of another refund than was asked for."""
        if said.reference and self.provider_reference and said.reference != self.provider_reference:
            return True
        return said.amount is not None and said.amount != self.amount

    def _learn(self, said, state, failure_code):
        self.write(
            {
                "state": state,
                "failure_code": failure_code,
                "provider_reference": self.provider_reference or said.reference,
                "next_look_at": self.next_look_at if state in WAITING and failure_code != MISMATCH else False,
                "version": self.version + 1,
            }
        )


class FynloRefundService(models.AbstractModel):
    _inherit = "fynlo.refund.service"

    @api.model
    def _conclude_refund(self, refund_id, said):
        """Apply what the provider says (:class:`~..providers.connection.RefundState`); may be repeated and raced.

        Runs in a transaction of its own. Returns the refund. Money that did not go back, or came back
        later, is owed to the guest from then on: nothing else may use it but a repeat of the refund.
        """
        refund = self._refunds().browse(refund_id)
        identity = refund.payment_id._taker()
        facts = self.env["fynlo.order.service"]._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(refund.order_id.uuid, facts)
        refund.invalidate_recordset()
        refund.payment_id.invalidate_recordset()
        before, (state, failure_code) = refund.state, refund._next_state(said)
        if state is None:
            self._note(refund, said)
            return refund
        require_transition(self.env, REFUND_STATES, before, state)
        refund._learn(said, state, failure_code)
        if state == "succeeded":
            self._enter_given(refund)
        if state == "failed":
            self._owe(refund, order, was_given=before == "succeeded")
        self._tell(refund, order, facts, before)
        return refund

    # --- steps ---------------------------------------------------------------------------

    def _note(self, refund, said):
        """No step, but the provider's name for the refund may be new: it must not be searched for by key again."""
        if said.reference and not refund.provider_reference and refund.state in WAITING:
            refund._learn(said, refund.state, refund.failure_code or None)

    def _enter_given(self, refund):
        ledger = self.env["fynlo.payment.entry"]
        if refund.kind in ("refund", "rollback"):
            ledger._enter_refund(refund)
        else:
            ledger._enter_owed_back(refund)

    def _owe(self, refund, order, *, was_given):
        """The money is here, and the guest's: it counts as refunded no longer, and nothing else may use it."""
        ledger = self.env["fynlo.payment.entry"]
        if was_given:
            ledger._enter_failed_refund(refund)
        elif refund.kind in ("refund", "rollback"):
            ledger._enter_refused_refund(refund)
        refund.payment_id._owe(refund.amount)
        refund.owed = refund.amount
        if refund._returns_goods():
            self._count(order, -refund.amount)

    def _tell(self, refund, order, facts, before):
        """Tell tills and the audit log; of its payment and order only when they have changed too."""
        self.env.flush_all()
        refund._announce()
        if refund.state == "failed":
            self._tell_payment(refund.payment_id, order, facts)
            self.env["fynlo.order.service"]._announce(order, facts, "order.updated")
        self.env["fynlo.audit.log"]._record(
            "refund.state",
            company_id=refund.company_id.id,
            resource=("refund", refund.fynlo_uuid),
            before={"state": before},
            after={"state": refund.state, "reference": refund.provider_reference or None},
            reason=refund.failure_code or "",
        )

    def _tell_payment(self, payment, order, facts):
        order.payments = self.env["fynlo.payment"]._documents_by_order([order.row_id])[order.row_id]
        document = self.env["fynlo.payment"]._document(payment.fynlo_uuid, facts.location_id)
        topic = f"l.{facts.location_uuid}.payments"
        self.env["fynlo.outbox"]._emit(facts.company_id, topic, "payment.updated", payment.fynlo_uuid, document)

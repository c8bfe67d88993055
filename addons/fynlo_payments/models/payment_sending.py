"""Reserving a payment that a provider outside this server will take: the first of three transactions.

Once it is committed the attempt is ``sent`` with its key, so whatever happens next can be asked after
(docs/adr/0031). The provider is called only then, by ``provider_call``.
"""

from datetime import timedelta
from uuid import uuid4

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import Problem, declare
from odoo.addons.fynlo_pos_core.rest.call import current_key

from ..providers.connection import ProviderUnavailable
from ..providers.provider import PREFIX
from .payment_service import _document_of

declare(
    "provider_unavailable",
    503,
    "Tender out of reach",
    "The provider of the tender cannot be asked, or is not set up at this location. Nothing was taken.",
    "Take another tender, or try again later with a new id and a new Idempotency-Key.",
    retryable=True,
)

#: A call to a provider is over by then; before, nobody need ask after it.
FIRST_LOOK = timedelta(seconds=20)


class FynloPaymentService(models.AbstractModel):
    _inherit = "fynlo.payment.service"

    @api.model
    def _send(self, order, identity, facts, method_id, wish):
        """Reserve the amount and commit to asking the provider. Raises ``provider_unavailable``, ``amount_due``."""
        provider = self.env[PREFIX + wish.method]
        place = self._place(provider, facts)
        tip = wish.tip.amount if wish.tip else 0
        if wish.complete and wish.amount.amount + tip < order.due:
            raise Problem(
                "amount_due",
                self.env._("The order would not be fully paid by that."),
                due={"amount": order.due, "currency": facts.currency},
            )
        attempt = self._reserve(order, identity, facts, wish)
        order.tip -= tip  # due only once it is paid
        self.env.flush_all()
        now = self.env.cr.now()
        attempt.write(
            {
                "state": "sent",
                "payment_method_id": method_id,
                "provider_key": str(uuid4()),
                "idempotency_scope": identity.scope,
                "idempotency_key": current_key(),
                "complete_after": wish.complete,
                "manual_capture": bool(wish.details.get("manual_capture")),
                "sent_at": now,
                "next_look_at": now + FIRST_LOOK,
                "expires_at": now + provider._expires_after,
                **place,
                **self._terms(order, facts, wish),
            }
        )
        self.env.flush_all()
        order.reserved += attempt.amount
        document = self._tell(attempt, order, facts)
        self.env["fynlo.order.rows"]._update(order, identity, facts)
        placed = self.env["fynlo.order.service"]._announce(order, facts, "order.updated")
        return {**document, "order": placed}

    def _place(self, provider, facts):
        """Where the provider is asked now, as columns of the attempt. Raises ``provider_unavailable``."""
        location = self.env["pos.config"].sudo().browse(facts.location_id)
        try:
            provider._connection(location)
        except ProviderUnavailable as away:
            raise Problem(
                "provider_unavailable", self.env._("This tender cannot be taken at the moment."), reason=away.code
            ) from None
        return provider._place(location)

    def _terms(self, order, facts, wish):
        """What the charge costs, as columns of the attempt; addons that know fees add to it."""
        return {}

    def _tell(self, attempt, order, facts):
        """The document of an attempt that has changed, which its order and the tills get."""
        document = _document_of(attempt, order, facts)
        others = [known for known in order.payments if known["id"] != attempt.fynlo_uuid]
        order.payments = others if attempt._is_void() else [*others, document]
        topic = f"l.{facts.location_uuid}.payments"
        self.env["fynlo.outbox"]._emit(facts.company_id, topic, "payment.updated", attempt.fynlo_uuid, document)
        return document

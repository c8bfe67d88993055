"""The first of a refund's three steps: the money is taken off its payment, and the tender is settled or to be asked.

Once this is committed the refund is ``sent`` with its key, so whatever happens next can be asked
after (docs/adr/0037). The provider is called only then, by ``refund_call.py``.
"""

from datetime import timedelta
from uuid import uuid4, uuid5

from odoo import models
from odoo.addons.fynlo_pos_core.models.system.transition import require_transition
from odoo.addons.fynlo_pos_core.rest import Invalid, Problem, declare

from ..providers.connection import ProviderUnavailable
from ..providers.provider import PREFIX
from .refund import REFUND_STATES
from .stored_value import KINDS

declare(
    "refund_unavailable",
    422,
    "Tender cannot be refunded here",
    "The payment's tender gives no money back by way of the till.",
    "Refund it where it was taken, choose another payment of the order, or give the money back by another tender.",
)

#: A call to a provider is over by then; before, nobody need ask after it.
FIRST_LOOK = timedelta(seconds=30)


class FynloRefundService(models.AbstractModel):
    _inherit = "fynlo.refund.service"

    # --- to which tender -----------------------------------------------------------------

    def _towards(self, identity, facts, order, wish):
        """The service as it gives money back by ``wish.to_method``; as it is when none is named.

        Raises ``payment_method_unavailable``, and what is wrong with a card that is to get the money.
        """
        if not wish.to_method:
            return self
        if wish.to_method not in facts.tenders or not self.env[PREFIX + wish.to_method]._immediate:
            raise Invalid(
                self.env._("No money goes back to guests by %s here.", wish.to_method),
                code="payment_method_unavailable",
                field="to_method",
            )
        if wish.to_method not in KINDS:
            return self
        card = self.env["fynlo.stored.value.service"]._card_to_refill(identity, order, wish)
        return self.with_context(fynlo_stored_value=card.id)

    def _approver(self, identity, facts, order, amount, wish, shares, so_far):
        """Who approved giving ``amount`` of the order back; by another tender than took it somebody else must."""
        other = wish.to_method and any(payment.method != wish.to_method for payment, _share in shares)
        action = "refund.other_tender" if other else "refund.create"
        return self.env["fynlo.approval.service"]._require(
            identity, facts, action, order.uuid, amount, wish.approval_id, so_far=so_far
        )

    def _check_providers(self, shares, to_method=None):
        """Raise ``refund_unavailable`` for payments of providers that cannot be asked here any more."""
        for payment, _share in shares:
            if payment._provider()._immediate or to_method not in (None, payment.method):
                continue
            try:
                payment._provider()._connection_of(payment)
            except ProviderUnavailable:
                raise Problem("refund_unavailable", self.env._("%s cannot be refunded here.", payment.method)) from None

    # --- reserving -----------------------------------------------------------------------

    def _refuse_taken(self, uuid):
        if self._refunds().search_count([("fynlo_uuid", "=", str(uuid))], limit=1):
            raise Problem("id_taken", self.env._("A refund with this id exists already."))

    def _reserve(self, identity, facts, order, shares, tip, wish, shared, to_method=None):
        """A refund for each payment; from here on nobody else can give the same money back.

        The first has the wish's own id, unless it was used when the same wish was begun.
        """
        refunds = self._refunds()
        begun = refunds.search_count([("fynlo_uuid", "=", str(wish.id))], limit=1)
        for payment, share in shares:
            part = min(tip, share)
            tip -= part
            uuid = uuid5(wish.id, payment.fynlo_uuid) if begun or refunds else wish.id
            values = {**shared, "amount": share, "tip": part, "to_method": self._other(payment, to_method)}
            refunds += self._new_refund(identity, facts, order, payment, uuid, values)
            payment._give(share)
        return refunds

    def _new_refund(self, identity, facts, order, payment, uuid, values):
        return self._refunds().create(
            {
                "fynlo_uuid": str(uuid),
                "order_id": order.row_id,
                "payment_id": payment.id,
                "company_id": facts.company_id,
                "config_id": facts.location_id,
                "currency_id": facts.currency_id,
                "employee_id": identity.employee_id,
                "device_id": identity.device_id or False,
                **values,
            }
        )

    def _other(self, payment, to_method):
        """The tender that gives the money back, when it is not the one that took it."""
        return to_method if to_method and to_method != payment.method else False

    # --- settling or sending -------------------------------------------------------------

    def _call(self, refund):
        """Settle a refund by a tender of this server, send one by a provider outside it.

        Raises ``refund_unavailable`` when the tender does not give the money.
        """
        if not refund._provider()._immediate:
            self._send(refund)
            return
        outcome = refund._provider()._refund(refund)
        require_transition(self.env, REFUND_STATES, refund.state, outcome.state)
        refund.write({"state": outcome.state, "provider_reference": outcome.reference})
        if outcome.state != "succeeded":
            raise Problem("refund_unavailable", self.env._("The provider refused: %s", outcome.failure_code))

    def _send(self, refund):
        """Commit to asking the provider, under a key that is never used for anything else."""
        require_transition(self.env, REFUND_STATES, refund.state, "sent")
        now = self.env.cr.now()
        refund.write(
            {
                "state": "sent",
                "provider_key": str(uuid4()),
                "sent_at": now,
                "next_look_at": now + FIRST_LOOK,
            }
        )

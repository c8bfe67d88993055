"""What tills may ask of a payment that is not over: to cancel it, to capture it, to look at it again."""

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import Invalid, NotFound, Problem
from odoo.addons.fynlo_pos_core.rest.problem import document as problem_document
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7

from .payment import HOLDING, PAYMENT_STATES

UNDER_KEY = """
    SELECT resource_type, resource_id FROM fynlo_idempotency WHERE scope = %s AND key = %s
"""
#: A request that arrives later with the key finds another request's record and is refused.
TAKE_KEY = """
    INSERT INTO fynlo_idempotency (company_id, scope, key, route, body_hash, status, body, created_at)
    VALUES (%s, %s, %s, 'POST /api/v1/payments:cancel-by-key', 'cancelled', %s, %s, now() AT TIME ZONE 'UTC')
"""


class FynloPaymentService(models.AbstractModel):
    _inherit = "fynlo.payment.service"

    @api.model
    def _wish_cancelled(self, identity, uuid):
        """Note that the payment is to be cancelled. Returns its row's id, or ``None`` when it is over without money.

        Raises ``not_found``, ``illegal_transition`` when the money was taken: then it is refunded.
        """
        attempt = self._locked_attempt(identity, uuid)
        if attempt._is_void():
            return None
        if attempt.state not in HOLDING:
            self._refuse_step(attempt, self.env._("The money was taken: give it back instead."))
        if not attempt.cancel_wanted:
            attempt.write({"cancel_wanted": True, "next_look_at": self.env.cr.now()})
            self._audit_wish(attempt, "payment.cancel", identity)
        return attempt.id

    @api.model
    def _wish_captured(self, identity, uuid, wish):
        """Note how much of an authorised payment is to be captured; asking again for the same changes nothing.

        Raises ``not_found``, ``illegal_transition``, ``amount_exceeds_authorised``.
        """
        attempt = self._locked_attempt(identity, uuid)
        amount = wish.amount.amount if wish.amount else attempt._charged()
        if wish.amount and wish.amount.currency != attempt.currency_id.name:
            raise Invalid(self.env._("The payment is in %s.", attempt.currency_id.name), field="amount.currency")
        if attempt.state == "captured" and amount == attempt._charged():
            return None
        if attempt.state != "authorised" or attempt.capture_amount not in (0, amount):
            self._refuse_step(attempt, self.env._("Only an authorised payment is captured, and once."))
        if not attempt.tip + attempt.surcharge < amount <= attempt._charged():
            raise Invalid(
                self.env._("More than the tip and no more than was authorised can be captured."),
                field="amount.amount",
            )
        attempt.write({"capture_amount": amount})
        self._audit_wish(attempt, "payment.capture", identity)
        return attempt.id

    @api.model
    def _wish_seen(self, identity, uuid):
        """The row's id of a payment that may be looked at again; ``None`` when nothing more is to come."""
        attempt = self._locked_attempt(identity, uuid)
        return attempt.id if attempt.state in HOLDING else None

    @api.model
    def _cancel_by_key(self, identity, key):
        """Cancel whatever a request with that Idempotency-Key began. Returns ``(uuid, row's id or None)``.

        ``(None, None)``: there was no such request, and should it still arrive, it is refused.
        """
        self.env.cr.execute(UNDER_KEY, (identity.scope, key))
        found = self.env.cr.fetchone()
        if found is None:
            refusal = problem_document(Problem("payment_declined", self.env._("It was cancelled before.")), uuid7())
            values = (identity.company_id, identity.scope, key, refusal["status"], to_json(refusal).decode())
            self.env.cr.execute(TAKE_KEY, values)
            return None, None
        kind, uuid = found
        if kind != "payment":
            raise NotFound(self.env._("The key is of no payment."))
        return uuid, self._wish_cancelled(identity, uuid)

    # --- steps ---------------------------------------------------------------------------

    def _locked_attempt(self, identity, uuid):
        """The payment of this location, with its order locked as for every step."""
        found = (
            self.env["fynlo.payment"]
            .sudo()
            .search([("fynlo_uuid", "=", str(uuid)), ("config_id", "=", identity.location_id)], limit=1)
        )
        if not found:
            raise NotFound(self.env._("There is no such payment at this location."))
        self.env.cr.execute("SELECT id FROM pos_order WHERE id = %s FOR UPDATE", (found.order_id.id,))
        found.invalidate_recordset()
        return found

    def _refuse_step(self, attempt, detail):
        allowed = sorted(PAYMENT_STATES[attempt.state])
        raise Problem("illegal_transition", detail, current_state=attempt.state, allowed=allowed)

    def _audit_wish(self, attempt, action, identity):
        self.env["fynlo.audit.log"]._record(
            action,
            company_id=attempt.company_id.id,
            resource=("payment", attempt.fynlo_uuid),
            after={"state": attempt.state, "capture_amount": attempt.capture_amount},
        )

"""What Stripe's objects mean in our states; whatever it may say in future is ``unknown`` until fetched again."""

from datetime import UTC, datetime
from typing import Any

from ..connection import ProviderState, RefundState
from .currencies import Scale

OUR_STATE_OF_INTENT = {
    "requires_payment_method": "action_required",
    "requires_confirmation": "action_required",
    "requires_action": "action_required",
    "requires_capture": "authorised",
    "succeeded": "captured",
    "canceled": "cancelled",
    "processing": "unknown",  # the bank has not decided; a notification or the next look will tell
}
REFUND_STATES = {"pending": "sent", "requires_action": "sent", "succeeded": "succeeded"} | dict.fromkeys(
    ("failed", "canceled"), "failed"
)
DECLINES = {
    "insufficient_funds": "insufficient_funds",
    "expired_card": "expired_card",
    "incorrect_cvc": "incorrect_cvc",
    "authentication_required": "authentication_required",
    "processing_error": "processing_error",
}
RAN_OUT = frozenset({"automatic", "expired"})
CONFIRMED_BY_SERVER = "server"


def decline_code(error: dict[str, Any]) -> str:
    """Our code of a decline. Lost, stolen and fraudulent cards are declined like any other: the guest reads this."""
    for name in (error.get("decline_code"), error.get("code")):
        if name in DECLINES:
            return DECLINES[name]
    return "card_declined"


def payment_state(intent: dict[str, Any], digits: int | None = None) -> ProviderState:
    """A PaymentIntent, with its ``latest_charge`` expanded or not, in our terms.

    ``digits`` is what our minor unit counts. An amount that it cannot say is ``None``, which no payment is of.
    """
    charge = intent.get("latest_charge")
    charge = charge if isinstance(charge, dict) else {}
    error = intent.get("last_payment_error")
    scale = Scale(intent["currency"].upper(), digits)
    return ProviderState(
        state=_state(intent),
        reference=intent["id"],
        amount=scale.to_ours(intent["amount"]),
        amount_captured=scale.to_ours(intent.get("amount_received") or 0) or 0,
        amount_refunded=scale.to_ours(_refunded(charge)) or 0,
        currency=scale.currency,
        livemode=bool(intent.get("livemode")),
        failure_code=decline_code(error) if error else None,
        card=_card(charge),
        action=_action(intent),
        capture_before=_capture_before(charge),
        raw_state=intent["status"],
    )


def refund_state(refund: dict[str, Any], digits: int | None = None) -> RefundState:
    """A Refund in our terms; a pending one stays ``sent``."""
    state = REFUND_STATES.get(refund["status"], "unknown")
    return RefundState(
        state=state,
        reference=refund["id"],
        amount=Scale(refund["currency"].upper(), digits).to_ours(refund["amount"]),
        failure_code="refund_failed" if state == "failed" else None,
        raw_state=refund["status"],
    )


def _state(intent: dict[str, Any]) -> str:
    status = intent["status"]
    if status == "canceled" and intent.get("cancellation_reason") in RAN_OUT:
        return "expired"
    # A declined intent that the till holds the secret of may yet be paid with another card; one that only
    # this server confirmed cannot.
    ours = (intent.get("metadata") or {}).get("confirmed_by") == CONFIRMED_BY_SERVER
    if status == "requires_payment_method" and ours and intent.get("last_payment_error"):
        return "failed"
    return OUR_STATE_OF_INTENT.get(status, "unknown")


def _refunded(charge: dict[str, Any]) -> int:
    """What went back of what was taken. What was held and never captured counts as refunded at Stripe, and not here."""
    never_taken = int(charge.get("amount", 0)) - int(charge.get("amount_captured", 0))
    return max(0, int(charge.get("amount_refunded") or 0) - never_taken)


def _details(charge: dict[str, Any]) -> dict[str, Any]:
    method = charge.get("payment_method_details") or {}
    return method.get("card") or method.get("card_present") or {}


def _card(charge: dict[str, Any]) -> dict[str, str] | None:
    details = _details(charge)
    return {name: details[name] for name in ("brand", "last4", "funding") if details.get(name)} or None


def _action(intent: dict[str, Any]) -> dict[str, Any] | None:
    if OUR_STATE_OF_INTENT.get(intent["status"]) != "action_required" or _state(intent) == "failed":
        return None
    step = intent.get("next_action") or {}
    return {"type": step.get("type", intent["status"]), "client_secret": intent.get("client_secret")}


def _capture_before(charge: dict[str, Any]) -> datetime | None:
    before = _details(charge).get("capture_before")
    return datetime.fromtimestamp(before, UTC) if before else None

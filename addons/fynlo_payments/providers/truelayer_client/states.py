"""What TrueLayer's payments and refunds are in our words."""

from collections.abc import Mapping
from typing import Any

from ..connection import ProviderState, RefundState

#: ``executed`` is missing: whether it counts depends on the amount.
STATES = {
    "authorization_required": "action_required",
    "authorizing": "action_required",
    "attempt_failed": "action_required",  # the guest may choose another bank on the same page
    "authorized": "authorised",
    "settled": "captured",
    "failed": "failed",
}
#: reasons of ``failed`` that are no failure of the bank
ENDED = {"canceled": "cancelled", "cancelled": "cancelled", "expired": "expired", "authorization_expired": "expired"}
FAILURES = {
    "authorization_failed": "declined",
    "rejected": "declined",
    "provider_rejected": "declined",
    "insufficient_funds": "insufficient_funds",
    "provider_error": "provider_error",
}
REFUNDS = {"pending": "sent", "authorized": "sent", "executed": "succeeded", "failed": "failed"}


def payment_state(payment: Mapping[str, Any], settle_above: int, live: bool) -> ProviderState:
    """A payment as fetched. What cannot be understood is ``unknown``, never a success or a failure."""
    raw = payment.get("status")
    amount = _whole(payment.get("amount_in_minor"))
    state = _state(raw, amount, settle_above)
    reason = str(payment.get("failure_reason") or "")
    if state == "failed":
        state = ENDED.get(reason, "failed")
    return ProviderState(
        state=state,
        reference=_text(payment.get("id")),
        amount=amount,
        amount_captured=(amount or 0) if state == "captured" else 0,
        currency=_text(payment.get("currency")),
        livemode=live,
        failure_code=FAILURES.get(reason, "provider_error") if state == "failed" else None,
        raw_state=_text(raw),
    )


def refund_state(refund: Mapping[str, Any]) -> RefundState:
    """A refund as fetched."""
    raw = refund.get("status")
    state = REFUNDS.get(raw, "unknown") if isinstance(raw, str) else "unknown"
    reason = str(refund.get("failure_reason") or "")
    return RefundState(
        state=state,
        reference=_text(refund.get("id")),
        amount=_whole(refund.get("amount_in_minor")),
        failure_code=FAILURES.get(reason, "provider_error") if state == "failed" else None,
        raw_state=_text(raw),
    )


def _state(raw: Any, amount: int | None, settle_above: int) -> str:
    if raw == "executed":  # the bank has accepted it; a large one waits until the money is here
        return "captured" if amount is not None and amount <= settle_above else "authorised"
    return STATES.get(raw, "unknown") if isinstance(raw, str) else "unknown"


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None

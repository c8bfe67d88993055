"""Disputes at Stripe, read by payment."""

from datetime import UTC, datetime
from typing import Any

from ..dispute import DisputeState
from .currencies import Scale

#: Stripe's word → ours. A word that Stripe adds later asks for a person.
STATES = {
    "warning_needs_response": "needs_response",
    "needs_response": "needs_response",
    "warning_under_review": "under_review",
    "under_review": "under_review",
    "warning_closed": "closed",
    "prevented": "closed",
    "won": "won",
    "lost": "lost",
}


def dispute_state(dispute: dict[str, Any], digits: int | None) -> DisputeState:
    """A dispute object of Stripe in our words."""
    currency = str(dispute["currency"]).upper()
    scale = Scale(currency, digits)
    taken = -sum(row["amount"] for row in dispute.get("balance_transactions") or [])
    due_by = (dispute.get("evidence_details") or {}).get("due_by")
    return DisputeState(
        reference=dispute["id"],
        state=STATES.get(dispute["status"], "needs_response"),
        amount=scale.to_ours(dispute["amount"]) or 0,
        currency=currency,
        held=max(0, scale.to_ours(taken) or 0),
        reason=str(dispute.get("reason") or ""),
        due_by=datetime.fromtimestamp(due_by, UTC) if due_by else None,
    )

"""The bank's books: payments, refunds, and how it has been told to behave."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

BEHAVIOURS = (
    "manual",  # the guest decides on the bank's page
    "approve",
    "decline",
    "never_answer",
    "approve_after_expiry",  # cancelling comes too late
    "duplicate",
    "webhook_first",
    "out_of_order",
    "error_then_ok",
    "hang",
    "refund_fails",
    "stall",
    "other_amount",
    "other_currency",
    "clock_ahead",  # notifications bear a time ten minutes from now
)
DECIDING = ("manual", "never_answer", "approve_after_expiry", "clock_ahead")
#: On the bank's page. ``late``: the bank goes on with the payment when it is cancelled.
DECISIONS = ("approve", "decline", "late", "other")
OVER = ("executed", "settled", "failed")


def now() -> str:
    """This moment as TrueLayer writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass
class Bank:
    """One lock guards all. ``events`` collects what is to be notified, in order; ``released`` ends a hang."""

    behaviour: str = "manual"
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _keys: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    def known(self, key: str, raw: bytes) -> str | None:
        """The id that a key stands for. Raises ``ValueError`` when it came with another body."""
        if key not in self._keys:
            return None
        body, made = self._keys[key]
        if body != raw:
            raise ValueError(key)
        return made

    def pay(self, key: str, raw: bytes, wish: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            made = self.known(key, raw)
            if made:
                return self.payments[made]
            payment = {**wish, "id": str(uuid4()), "status": "authorization_required", "resource_token": uuid4().hex}
            self._distort(payment)
            self.payments[payment["id"]] = payment
            self._keys[key] = (raw, payment["id"])
            if self.behaviour == "decline":
                self.decline(payment["id"])
            elif self.behaviour not in DECIDING:
                self.approve(payment["id"])
            return payment

    def decide(self, payment_id: str, decision: str, token: str) -> bool:
        """What the guest pressed on the bank's page. ``False`` for a page that is not of this payment."""
        with self.lock:
            payment = self.payments.get(payment_id)
            if payment is None or payment["resource_token"] != token or decision not in DECISIONS:
                return False
            if decision == "other":
                payment["amount_in_minor"] += 1
            if decision == "late":
                payment["late"] = True
            elif decision == "decline":
                self.decline(payment_id)
            else:
                self.approve(payment_id)
            return True

    def approve(self, payment_id: str) -> None:
        """The guest agrees; repeated, or after the end, it does nothing."""
        with self.lock:
            payment = self.payments[payment_id]
            if payment["status"] in OVER:
                return
            states = ["executed"] if self.behaviour == "stall" else ["executed", "settled"]
            payment["status"] = states[-1]
            payment |= {f"{state}_at": now() for state in states}
            kinds = [f"payment_{state}" for state in states]
            if self.behaviour == "stall":
                kinds.append("payment_settlement_stalled")
            for kind in reversed(kinds) if self.behaviour == "out_of_order" else kinds:
                self._tell(kind, payment)

    def decline(self, payment_id: str, reason: str = "rejected") -> None:
        with self.lock:
            payment = self.payments[payment_id]
            if payment["status"] not in OVER:
                payment.update(status="failed", failure_reason=reason)
                self._tell("payment_failed", payment)

    def cancel(self, payment_id: str) -> bool:
        """Whether it was in time."""
        with self.lock:
            if self.behaviour == "approve_after_expiry" or self.payments[payment_id].get("late"):
                self.approve(payment_id)
            if self.payments[payment_id]["status"] in OVER:
                return False
            self.decline(payment_id, "canceled")
            return True

    def refund(self, key: str, raw: bytes, payment_id: str, wish: dict[str, Any]) -> dict[str, Any] | None:
        """``None`` when more is asked back than was paid."""
        with self.lock:
            made = self.known(key, raw)
            if made:
                return self.refunds[made]
            payment = self.payments[payment_id]
            given = sum(row["amount_in_minor"] for row in self.of(payment_id) if row["status"] != "failed")
            if payment["status"] != "settled" or given + wish["amount_in_minor"] > payment["amount_in_minor"]:
                return None
            fails = self.behaviour == "refund_fails"
            refund = {**wish, "id": str(uuid4()), "payment_id": payment_id, "status": "failed" if fails else "executed"}
            refund |= {"failure_reason": "insufficient_funds"} if fails else {"executed_at": now()}
            self.refunds[refund["id"]] = refund
            self._keys[key] = (raw, refund["id"])
            self._tell(f"refund_{refund['status']}", payment, refund_id=refund["id"])
            return refund

    def of(self, payment_id: str) -> list[dict[str, Any]]:
        return [refund for refund in self.refunds.values() if refund["payment_id"] == payment_id]

    def _distort(self, payment: dict[str, Any]) -> None:
        if self.behaviour == "other_amount":
            payment["amount_in_minor"] += 1
        elif self.behaviour == "other_currency":
            payment["currency"] = "EUR"

    def _tell(self, kind: str, payment: dict[str, Any], **more: str) -> None:
        event = {
            "type": kind,
            "event_id": str(uuid4()),
            "event_version": 1,
            "payment_id": payment["id"],
            "metadata": payment.get("metadata", {}),
            **more,
        }
        self.events.extend([event] * (3 if self.behaviour == "duplicate" else 1))

"""Payments on Stripe's own page: a Checkout Session, to which a guest is sent, and the PaymentIntent behind it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe

from ..connection import Leg, ProviderState
from .currencies import Scale
from .states import payment_state
from .transport import ask

EXPANDED = ["payment_intent", "payment_intent.latest_charge"]
#: Stripe lets a page live for half an hour at least; the first call may be repeated for a while.
LIVES_AT_LEAST = timedelta(minutes=35)
LONGEST_NAME = 120
#: In the metadata of the PaymentIntents behind pages, which bear those of their leg as well.
MARK = "paid_on"
#: Of an intent in these states money was taken, whatever its session says yet.
MONEY_IN = frozenset({"authorised", "captured"})
#: Nobody can pay any more what is open still when the session is over.
UNPAID = frozenset({"action_required"})
CANCELLABLE = frozenset({"authorised", "failed"})


@dataclass(frozen=True, slots=True)
class CheckoutPage:
    """Detail ``checkout`` of a leg that a guest pays on Stripe's page. No till can give one, as it is no JSON.

    ``name`` is who is paid. The guest comes back to ``back``, whatever became of it; from ``until`` on the
    page may end by itself, so whoever wants it to end earlier cancels the leg. All are the same at each try.
    """

    name: str
    back: str
    until: datetime


class StripeCheckout:
    """Its calls raise as ``ask`` does.

    ``api`` is version 1 of a ``StripeClient``; ``digits`` is what our minor unit counts.
    """

    def __init__(self, api: Any, digits: int | None) -> None:
        self._sessions = api.checkout.sessions
        self._cancel_intent = api.payment_intents.cancel
        self._digits = digits

    def create(self, leg: Leg, page: CheckoutPage, intent: dict[str, Any]) -> ProviderState:  # pylint: disable=method-required-super
        """A page for the leg, of which ``intent`` is what its PaymentIntent would be asked for with."""
        wish = _wish(leg, page, intent)
        return self._read(ask(lambda: self._sessions.create(wish, {"idempotency_key": leg.key})))

    def fetch(self, reference: str) -> ProviderState:
        """What has become of a page."""
        return self._read(self._session(reference))

    def cancel(self, reference: str) -> ProviderState:
        """End the page, so that nobody can pay on it; too late, what it has become."""
        try:
            said = self._read(ask(lambda: self._sessions.expire(reference, {"expand": EXPANDED})))
        except stripe.InvalidRequestError:  # over already, by its time, by an earlier call or by the guest
            said = self.fetch(reference)
        if said.state in CANCELLABLE and said.alias:
            with suppress(stripe.CardError, stripe.InvalidRequestError):  # captured meanwhile
                ask(lambda: self._cancel_intent(said.alias))
            return self.fetch(reference)
        return replace(said, state="cancelled") if said.state == "expired" else said

    def listed(self, params: dict[str, Any]) -> Any:
        """Pages, as Stripe lists them; none for a key that may make none, and so has made none."""
        try:
            return self._sessions.list(params)
        except stripe.PermissionError:
            return stripe.ListObject.construct_from({"object": "list", "data": [], "has_more": False}, None)

    def of_intent(self, intent: dict[str, Any]) -> str | None:
        """The page to which a PaymentIntent belongs, if it does."""
        if (intent.get("metadata") or {}).get(MARK) is None:
            return None
        found = ask(lambda: self._sessions.list({"payment_intent": intent["id"], "limit": 1}))["data"]
        return found[0]["id"] if found else None

    def through(self, reference: str, change: Callable[[str], Any]) -> ProviderState:
        """``change`` the PaymentIntent behind a page."""
        intent = self.intent_behind(reference)
        if intent is None:
            return self.fetch(reference)
        ask(lambda: change(intent))
        return self.fetch(reference)

    def intent_behind(self, reference: str) -> str | None:
        """``None`` while the guest has not begun to pay."""
        intent = self._session(reference)["payment_intent"]
        return intent["id"] if intent else None

    def _session(self, reference: str) -> dict[str, Any]:
        return ask(lambda: self._sessions.retrieve(reference, {"expand": EXPANDED}))

    def _read(self, session: dict[str, Any]) -> ProviderState:
        return session_state(session, self._digits)


def is_checkout(reference: str | None) -> bool:
    """Whether a leg's reference is that of a page, and not of a PaymentIntent."""
    return bool(reference) and str(reference).startswith("cs_")


def session_state(session: dict[str, Any], digits: int | None = None) -> ProviderState:
    """A Checkout Session with its PaymentIntent expanded, in our terms.

    The session's id stays the reference; the intent's, once there is one, is the ``alias``. Money that
    the intent has counts, whatever the session says.
    """
    scale = Scale(session["currency"].upper(), digits)
    intent = session.get("payment_intent")
    paying = payment_state(intent, digits) if isinstance(intent, dict) else None
    asked = ProviderState(
        state="unknown",
        reference=session["id"],
        alias=paying.reference if paying else None,
        amount=scale.to_ours(session["amount_total"]),
        currency=scale.currency,
        livemode=bool(session.get("livemode")),
        raw_state=session["status"],
    )
    if paying and (paying.state in MONEY_IN or session["status"] == "complete"):
        return _of_intent(asked, paying)
    if session["status"] == "open":
        return replace(asked, state="action_required", action={"type": "redirect", "url": session["url"]})
    if session["status"] == "expired":
        return replace(asked, state="expired" if _ran_out(session) else "cancelled")
    return asked


def _of_intent(asked: ProviderState, paying: ProviderState) -> ProviderState:
    over = paying.state in UNPAID
    return replace(
        paying,
        state="failed" if over else paying.state,
        failure_code=(paying.failure_code or "card_declined") if over else paying.failure_code,
        action=None,
        reference=asked.reference,
        alias=paying.reference,
    )


def _ran_out(session: dict[str, Any]) -> bool:
    """Whether its time was over; one that ended before was ended by us."""
    return datetime.now(UTC) >= datetime.fromtimestamp(session["expires_at"], UTC)


def _wish(leg: Leg, page: CheckoutPage, intent: dict[str, Any]) -> dict[str, Any]:
    """The same for every call of a leg."""
    metadata = intent["metadata"]
    price = {
        "currency": intent["currency"],
        "unit_amount": intent["amount"],
        "product_data": {"name": page.name.strip()[:LONGEST_NAME] or "-"},
    }
    of_intent = {name: intent[name] for name in ("capture_method", "application_fee_amount") if name in intent}
    return {
        "mode": "payment",
        "payment_method_types": ["card"],
        "client_reference_id": leg.uuid,
        "line_items": [{"quantity": 1, "price_data": price}],
        "metadata": metadata,
        "payment_intent_data": {"metadata": {**metadata, MARK: "checkout"}, **of_intent},
        "adaptive_pricing": {"enabled": False},  # the guest pays in the restaurant's currency, as the bill says
        "success_url": page.back,
        "cancel_url": page.back,
        "expires_at": int(max(page.until, (leg.sent_at or page.until) + LIVES_AT_LEAST).timestamp()),
        "expand": EXPANDED,
    }

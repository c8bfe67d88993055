"""Checkout Sessions: a page of Stripe's on which a guest pays, with a PaymentIntent as soon as a card is tried."""

import secrets
from typing import Any

from . import intents
from .amounts import chargeable, whole
from .books import Books, Json
from .refusal import Refusal, wrong_parameter

KIND = "checkout.session"
CREATE = frozenset(
    {
        "mode",
        "payment_method_types",
        "client_reference_id",
        "line_items",
        "metadata",
        "payment_intent_data",
        "adaptive_pricing",
        "success_url",
        "cancel_url",
        "expires_at",
        "expand",
    }
)
OF_INTENT = frozenset({"metadata", "capture_method", "application_fee_amount", "description"})
SHORTEST_S, LONGEST_S = 30 * 60, 24 * 3600


def create(books: Books, wish: Json, base: str) -> Json:
    """A page at ``base``. Raises :class:`Refusal`."""
    intents.known(wish, CREATE)
    intents.known(wish.get("payment_intent_data") or {}, OF_INTENT)
    if wish.get("mode") != "payment":
        raise wrong_parameter("mode", "Only payments are simulated.", "parameter_invalid")
    for name in ("success_url", "cancel_url"):
        if not str(wish.get(name, "")).startswith(("http://", "https://")):
            raise wrong_parameter(name, "Not a valid URL", "url_invalid")
    amount, currency, label = _total(wish)
    name = f"cs_{'live' if books.livemode else 'test'}"
    made = books.keep(KIND, name, **_blank(wish, amount, currency, label), expires_at=_end(books, wish))
    made["url"] = f"{base}/c/pay/{made['id']}#{secrets.token_urlsafe(24)}"
    return made


def current(books: Books, session: Json) -> Json:
    """A session as it is now: one whose time is over is expired."""
    if session["status"] == "open" and books.now() >= session["expires_at"]:
        _ended(books, session)
    return session


def expire(books: Books, session: Json) -> Json:
    if current(books, session)["status"] != "open":
        now = session["status"]
        message = f"Only Checkout Sessions with a status in ['open'] can be expired. This one has a status of `{now}`."
        raise Refusal(400, "invalid_request_error", "", message, saved=False)
    _ended(books, session)
    return session


def pay(books: Books, session: Json, card: str) -> bool:
    """The guest tries a card; whether it was taken. Declined, the page stays open for another."""
    if current(books, session)["status"] != "open":
        return False
    intent = _intent(books, session)
    try:
        intents.confirm(books, intent, {"payment_method": card})
    except Refusal as declined:
        if declined.status != 402:
            raise
        return False
    paid = "paid" if intent["status"] == "succeeded" else "unpaid"
    session.update(status="complete", payment_status=paid, url=None)
    books.happened("checkout.session.completed", session)
    return True


def _intent(books: Books, session: Json) -> Json:
    if session["payment_intent"] is None:
        wish = {"amount": str(session["amount_total"]), "currency": session["currency"], **session["_intent"]}
        session["payment_intent"] = intents.create(books, wish)["id"]
    return books.one("payment_intent", session["payment_intent"])


def _ended(books: Books, session: Json) -> None:
    if session["payment_intent"]:
        intent = books.one("payment_intent", session["payment_intent"])
        if intent["status"] in intents.OPEN:
            intents.cancel(books, intent, "expired")
    session.update(status="expired", url=None)
    books.happened("checkout.session.expired", session)


def _total(wish: Json) -> tuple[int, str, str]:
    """Amount, currency and name of the one thing that is paid."""
    items = wish.get("line_items") or []
    if not isinstance(items, list) or len(items) != 1:
        raise wrong_parameter("line_items", "One line item is simulated.", "parameter_missing")
    price = items[0].get("price_data") or {}
    label = str((price.get("product_data") or {}).get("name", ""))
    if not label:
        raise wrong_parameter("line_items[0][price_data][product_data][name]", "Missing.", "parameter_missing")
    unit = {"amount": price.get("unit_amount", ""), "currency": price.get("currency", "")}
    amount, currency = chargeable(unit)
    return amount * whole(items[0], "quantity"), currency, label


def _end(books: Books, wish: Json) -> int:
    end = whole(wish, "expires_at") if "expires_at" in wish else books.now() + LONGEST_S
    if not SHORTEST_S <= end - books.now() <= LONGEST_S:
        message = "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation."
        raise wrong_parameter("expires_at", message, "parameter_invalid")
    return end


def _blank(wish: Json, amount: int, currency: str, label: str) -> dict[str, Any]:
    return {
        "amount_subtotal": amount,
        "amount_total": amount,
        "currency": currency,
        "client_reference_id": wish.get("client_reference_id"),
        "metadata": wish.get("metadata") or {},
        "mode": "payment",
        "payment_intent": None,
        "payment_method_types": wish.get("payment_method_types") or ["card"],
        "payment_status": "unpaid",
        "status": "open",
        "success_url": wish["success_url"],
        "cancel_url": wish["cancel_url"],
        "_intent": wish.get("payment_intent_data") or {},
        "_label": label,
    }

"""PaymentIntents: from the wish to pay to the money, step by step as Stripe takes them."""

import secrets
from typing import Any

from . import money
from .amounts import chargeable, whole
from .books import Books, Json
from .cards import Card
from .refusal import Refusal, not_now, wrong_parameter

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
CONFIRM = frozenset({"payment_method", "payment_method_data", "return_url", "off_session", "client_secret", "expand"})
CREATE = (CONFIRM - {"client_secret"}) | {
    "amount",
    "currency",
    "capture_method",
    "payment_method_types",
    "confirm",
    "metadata",
    "application_fee_amount",
    "description",
    "automatic_payment_methods",
    "statement_descriptor_suffix",
    "receipt_email",
    "confirmation_method",
}
HOLDS_S = 7 * 86_400
CARD_PRESENT_HOLDS_S = 2 * 86_400


def create(books: Books, wish: Json) -> Json:
    known(wish, CREATE)
    amount, currency = chargeable(wish)
    method = books.method_of(wish)
    kinds = wish.get("payment_method_types") or ["card"]
    made = books.keep(
        "payment_intent",
        "pi",
        amount=_distorted(books, amount),
        amount_capturable=0,
        amount_received=0,
        application_fee_amount=_share(books, wish, amount),
        canceled_at=None,
        cancellation_reason=None,
        capture_method=wish.get("capture_method", "automatic"),
        confirmation_method="automatic",
        currency="eur" if books.behaviour() == "other_currency" else currency,
        last_payment_error=None,
        latest_charge=None,
        metadata=wish.get("metadata") or {},
        next_action=None,
        payment_method=method[0] if method else None,
        payment_method_types=kinds,
        status="requires_confirmation" if method else "requires_payment_method",
    )
    made["client_secret"] = f"{made['id']}_secret_{secrets.token_hex(12)}"
    books.happened("payment_intent.created", made)
    if wish.get("confirm") == "true":
        if not method:
            raise wrong_parameter(
                "payment_method", "You must provide a payment method to confirm.", "parameter_missing"
            )
        _attempt(books, made, method, wish)
    return made


def confirm(books: Books, intent: Json, wish: Json) -> Json:
    known(wish, CONFIRM)
    if intent["status"] not in OPEN:
        raise not_now(f"This PaymentIntent's status is {intent['status']}.", payment_intent=intent)
    method = books.method_of(wish) or books.method_of({"payment_method": intent["payment_method"]})
    if method is None:
        raise not_now("This PaymentIntent is missing a payment method.", payment_intent=intent)
    _attempt(books, intent, method, wish)
    return intent


def present(books: Books, intent: Json, name: str) -> Json:
    """A reader has read a card and confirms, as the Terminal SDK does."""
    if intent["payment_method_types"] != ["card_present"]:
        raise not_now("Not a PaymentIntent for a reader.")
    return confirm(books, intent, {"payment_method": name})


def authenticate(books: Books, intent: Json, passed: bool) -> Json:
    """The guest passes or fails the bank's question; repeated, it does nothing."""
    if intent["status"] != "requires_action":
        return intent
    name, card = _method_in(books, intent)
    intent["next_action"] = None
    try:
        if not passed:
            _decline(books, intent, card, ("payment_intent_authentication_failure", "authentication_required"))
        _charge(books, intent, (name, card))
    except Refusal as declined:
        if declined.status != 402:
            raise
    return intent


def capture(books: Books, intent: Json, wish: Json) -> Json:
    known(wish, frozenset({"amount_to_capture", "application_fee_amount", "expand", "metadata"}))
    if intent["status"] != "requires_capture":
        raise not_now(f"This PaymentIntent could not be captured: {intent['status']}.", payment_intent=intent)
    amount = whole(wish, "amount_to_capture") if "amount_to_capture" in wish else intent["amount_capturable"]
    if amount > intent["amount_capturable"]:
        message = "The amount to capture is greater than the amount authorised."
        raise Refusal(400, "invalid_request_error", "amount_too_large", message, param="amount_to_capture")
    if "application_fee_amount" in wish:
        intent["application_fee_amount"] = _share(books, wish, amount)
    charge = books.one("charge", intent["latest_charge"])
    if (intent["application_fee_amount"] or 0) > amount:
        message = "The application fee is greater than the amount."
        raise Refusal(400, "invalid_request_error", "amount_too_large", message, param="application_fee_amount")
    _captured(books, intent, charge, amount)
    return intent


def cancel(books: Books, intent: Json, reason: Any = None) -> Json:
    if intent["status"] not in (*OPEN, "requires_capture"):
        raise not_now(f"You cannot cancel this PaymentIntent: {intent['status']}.", payment_intent=intent)
    intent.update(status="canceled", canceled_at=books.now(), amount_capturable=0, next_action=None)
    intent["cancellation_reason"] = reason or "requested_by_customer"
    books.happened("payment_intent.canceled", intent)
    return intent


def settle(books: Books, intent: Json) -> Json:
    """A payment that was under way arrives."""
    if intent["status"] == "processing":
        charge = books.one("charge", intent["latest_charge"])
        _captured(books, intent, charge, charge["amount"])
    return intent


def expire(books: Books, intent: Json) -> Json:
    """The bank's hold ends before anything was captured."""
    if intent["status"] == "requires_capture":
        books.happened("charge.expired", books.one("charge", intent["latest_charge"]))
        cancel(books, intent, "automatic")
    return intent


def known(wish: Json, names: frozenset[str]) -> None:
    """Stripe refuses parameters that it does not know."""
    for name in wish:
        if name not in names:
            raise wrong_parameter(name, f"Received unknown parameter: {name}", "parameter_unknown")


def _attempt(books: Books, intent: Json, method: tuple[str, Card], wish: Json) -> None:
    """Ask the bank; when it asks the guest first, that is as far as it goes."""
    name, card = method
    intent.update(payment_method=name, last_payment_error=None)
    if card.challenge and intent["payment_method_types"] != ["card_present"]:
        intent["status"], step = "requires_action", {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
        if back := wish.get("return_url"):
            place = {"url": f"https://hooks.stripe.com/{intent['id']}", "return_url": back}
            step = {"type": "redirect_to_url", "redirect_to_url": place}
        intent["next_action"] = step
        books.happened("payment_intent.requires_action", intent)
        return
    _charge(books, intent, method)


def _charge(books: Books, intent: Json, method: tuple[str, Card]) -> None:
    _name, card = method
    if card.decline:
        _decline(books, intent, card, card.decline)
    charge = _new_charge(books, intent, card, "succeeded")
    if intent["capture_method"] == "manual":
        intent.update(status="requires_capture", amount_capturable=intent["amount"])
        books.happened("payment_intent.amount_capturable_updated", intent)
    elif intent["capture_method"] == "automatic_async" or books.behaviour() == "capture_later":
        intent["status"], charge["status"] = "processing", "pending"
        books.happened("payment_intent.processing", intent)
    else:
        _captured(books, intent, charge, intent["amount"])
        if card.disputed:
            money.dispute(books, charge)


def _new_charge(books: Books, intent: Json, card: Card, status: str) -> Json:
    kind = "card_present" if intent["payment_method_types"] == ["card_present"] else "card"
    holds = CARD_PRESENT_HOLDS_S if kind == "card_present" else HOLDS_S
    details: Json = {"brand": card.brand, "last4": card.last4, "funding": card.funding, "country": "GB"}
    if intent["capture_method"] == "manual":
        details["capture_before"] = books.now() + holds
    charge = books.keep(
        "charge",
        "ch",
        amount=intent["amount"],
        amount_captured=0,
        amount_refunded=0,
        application_fee_amount=intent["application_fee_amount"],
        balance_transaction=None,
        captured=False,
        currency=intent["currency"],
        disputed=False,
        metadata=intent["metadata"],
        paid=status == "succeeded",
        payment_intent=intent["id"],
        payment_method=intent["payment_method"],
        payment_method_details={"type": kind, kind: details},
        refunded=False,
        status=status,
    )
    intent["latest_charge"] = charge["id"]
    return charge


def _decline(books: Books, intent: Json, card: Card, why: tuple[str, str]) -> None:
    """Always raises: the card error that Stripe answers with."""
    code, decline_code = why
    charge = _new_charge(books, intent, card, "failed")
    more = {"decline_code": decline_code, "charge": charge["id"]}
    error = {"type": "card_error", "code": code, "message": "Your card was declined.", **more}
    intent.update(status="requires_payment_method", payment_method=None, next_action=None, last_payment_error=error)
    books.happened("payment_intent.payment_failed", intent)
    raise Refusal(402, "card_error", code, "Your card was declined.", payment_intent=intent, **more)


def _captured(books: Books, intent: Json, charge: Json, amount: int) -> None:
    charge.update(captured=True, amount_captured=amount, status="succeeded")
    charge["application_fee_amount"] = intent["application_fee_amount"]
    intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
    money.charged(books, charge)
    if amount < charge["amount"]:
        money.released(books, charge, charge["amount"] - amount)
    books.happened("charge.succeeded", charge)
    books.happened("payment_intent.succeeded", intent)


def _method_in(books: Books, intent: Json) -> tuple[str, Card]:
    method = books.method_of({"payment_method": intent["payment_method"]})
    assert method is not None  # noqa: S101 - an intent that asks the guest has a card
    return method


def _share(books: Books, wish: Json, amount: int) -> int | None:
    """What the platform takes; only of a connected account's payment, and never more than the payment."""
    if "application_fee_amount" not in wish:
        return None
    share = whole(wish, "application_fee_amount")
    if not books.connected:
        message = "Can only apply an application_fee_amount on behalf of a connected account."
        raise wrong_parameter("application_fee_amount", message, "parameter_invalid")
    if share > amount:
        raise wrong_parameter("application_fee_amount", "The fee is greater than the amount.", "amount_too_large")
    return share


def _distorted(books: Books, amount: int) -> int:
    return amount + 1 if books.behaviour() == "other_amount" else amount

"""Refunds: at once, pending, refused, or failing days after they succeeded."""

from . import money
from .amounts import whole
from .books import Books, Json
from .intents import known
from .refusal import Refusal, wrong_parameter

CREATE = frozenset({"payment_intent", "charge", "amount", "metadata", "reason", "refund_application_fee", "expand"})


def create(books: Books, wish: Json) -> Json:
    known(wish, CREATE)
    charge = _charge(books, wish)
    left = charge["amount"] - charge["amount_refunded"]
    amount = whole(wish, "amount") if "amount" in wish else left
    if left == 0:
        raise _refused("charge_already_refunded", "The charge has already been refunded.")
    if amount > left:
        raise _refused("amount_too_large", f"Refund amount {amount} is greater than unrefunded amount {left}.")
    if wish.get("refund_application_fee") == "true" and not charge["application_fee_amount"]:
        raise _refused("parameter_invalid", "The charge has no application fee to refund.")
    method = books.method_of({"payment_method": charge["payment_method"]})
    fate = method[1].refund if method else "succeeded"
    made = books.keep(
        "refund",
        "re",
        amount=amount,
        currency=charge["currency"],
        charge=charge["id"],
        payment_intent=charge["payment_intent"],
        metadata=wish.get("metadata") or {},
        reason=wish.get("reason"),
        status="pending" if fate == "pending" else "succeeded",
        failure_reason=None,
        balance_transaction=None,
    )
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    made["balance_transaction"] = money.entered(books, "refund", made, -amount)["id"]
    books.happened("refund.created", made)
    books.happened("charge.refunded", charge)
    return made


def finish(books: Books, made: Json, *, fails: bool) -> Json:
    """What becomes of a refund later: a pending one succeeds or fails, and one that succeeded may fail still."""
    if made["status"] in ("failed", "canceled"):
        return made
    if not fails:
        made["status"] = "succeeded"
        _tell(books, made, "updated")
        return made
    made.update(status="failed", failure_reason="lost_or_stolen_card")
    _return(books, made)
    books.happened("refund.failed", made)
    _tell(books, made, "updated")
    return made


def cancel(books: Books, made: Json) -> Json:
    if made["status"] not in ("pending", "requires_action"):
        raise _refused("refund_unexpected_state", f"You cannot cancel this refund: {made['status']}.")
    made["status"] = "canceled"
    _return(books, made)
    _tell(books, made, "updated")
    return made


def _return(books: Books, made: Json) -> None:
    """The money is the restaurant's again."""
    charge = books.one("charge", made["charge"])
    charge["amount_refunded"] -= made["amount"]
    charge["refunded"] = False
    made["failure_balance_transaction"] = money.entered(books, "refund_failure", made, made["amount"])["id"]


def _tell(books: Books, made: Json, verb: str) -> None:
    """Stripe names refunds in two families of events."""
    books.happened(f"refund.{verb}", made)
    books.happened(f"charge.refund.{verb}", made)


def _charge(books: Books, wish: Json) -> Json:
    if name := wish.get("charge"):
        charge = books.one("charge", name)
    elif name := wish.get("payment_intent"):
        latest = books.one("payment_intent", name)["latest_charge"]
        if latest is None:
            raise _refused("parameter_invalid", "This PaymentIntent does not have a successful charge to refund.")
        charge = books.one("charge", latest)
    else:
        raise wrong_parameter("payment_intent", "One of charge and payment_intent is required.", "parameter_missing")
    if not charge["captured"]:
        raise _refused("parameter_invalid", "This PaymentIntent does not have a successful charge to refund.")
    return charge


def _refused(code: str, message: str) -> Refusal:
    return Refusal(400, "invalid_request_error", code, message)

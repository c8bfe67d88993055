"""Balance, balance transactions, payouts and disputes."""

from typing import Any

from .amounts import stripe_fee
from .books import Books, Json
from .refusal import wrong_parameter


def entered(
    books: Books, kind: str, source: Json, amount: int, fees: Json | None = None, category: str | None = None
) -> Json:
    """A movement of the account's balance; ``category`` is what reports call it, where that differs."""
    details = [{"type": name, "amount": fee, "currency": source["currency"]} for name, fee in (fees or {}).items()]
    fee = sum(each["amount"] for each in details)
    return books.keep(
        "balance_transaction",
        "txn",
        type=kind,
        reporting_category=category or kind,
        amount=amount,
        fee=fee,
        fee_details=details,
        net=amount - fee,
        currency=source["currency"],
        source=source["id"],
        available_on=books.now(),
        status="available",
        exchange_rate=None,
        payout=None,
    )


def charged(books: Books, charge: Json) -> None:
    """The guest's money arrives, less what Stripe and the platform keep of it."""
    share = charge["application_fee_amount"] or 0
    fees = {"stripe_fee": stripe_fee(charge["amount_captured"])} | ({"application_fee": share} if share else {})
    charge["balance_transaction"] = entered(books, "charge", charge, charge["amount"], fees)["id"]
    if share and books.platform:
        entered(books.platform, "application_fee", charge, share)


def released(books: Books, charge: Json, amount: int) -> None:
    """What was held and not captured goes back, and counts as refunded of the charge."""
    made = books.keep(
        "refund",
        "re",
        amount=amount,
        currency=charge["currency"],
        charge=charge["id"],
        payment_intent=charge["payment_intent"],
        metadata={},
        reason=None,
        status="succeeded",
        failure_reason=None,
    )
    charge["amount_refunded"] += amount
    moved = entered(books, "refund", made, -amount, category="partial_capture_reversal")
    made["balance_transaction"] = moved["id"]


def balance(books: Books) -> Json:
    sums: dict[str, int] = {}
    for row in books.kept["balance_transaction"].values():
        sums[row["currency"]] = sums.get(row["currency"], 0) + row["net"]
    amounts = [{"amount": amount, "currency": currency} for currency, amount in sums.items()]
    return {"object": "balance", "livemode": books.livemode, "available": amounts, "pending": []}


def pay_out(books: Books, currency: str) -> Json:
    """All that is not paid out yet goes to the restaurant's bank. Raises :class:`Refusal` when there is nothing."""
    rows = [
        row
        for row in books.kept["balance_transaction"].values()
        if row["currency"] == currency and row["payout"] is None and row["type"] != "payout"
    ]
    amount = sum(row["net"] for row in rows)
    if amount <= 0:
        raise wrong_parameter("amount", "Nothing to pay out.", "balance_insufficient")
    payout = books.keep(
        "payout", "po", amount=amount, currency=currency, status="paid", arrival_date=books.now(), automatic=True
    )
    moved = entered(books, "payout", payout, -amount)
    payout["balance_transaction"] = moved["id"]
    for row in [*rows, moved]:
        row["payout"] = payout["id"]
    books.happened("payout.paid", payout)
    return payout


def dispute(books: Books, charge: Json) -> Json:
    """The guest's bank takes the money back until it is decided."""
    made = books.keep(
        "dispute",
        "dp",
        amount=charge["amount_captured"],
        currency=charge["currency"],
        charge=charge["id"],
        payment_intent=charge["payment_intent"],
        reason="fraudulent",
        status="needs_response",
        evidence_details={"due_by": books.now() + 7 * 86_400},
    )
    charge["disputed"] = True
    made["balance_transactions"] = []
    books.happened("charge.dispute.created", made)
    made["balance_transactions"] = [
        entered(books, "adjustment", made, -made["amount"], {"stripe_fee": 2000}, category="dispute")
    ]
    books.happened("charge.dispute.funds_withdrawn", made)
    return made


def close_dispute(books: Books, made: Json, status: Any) -> Json:
    if status not in ("won", "lost"):
        raise wrong_parameter("status", "won or lost", "parameter_invalid")
    made["status"] = status
    if status == "won":
        back = entered(books, "adjustment", made, made["amount"], category="dispute_reversal")
        made["balance_transactions"].append(back)
        books.happened("charge.dispute.funds_reinstated", made)
    books.happened("charge.dispute.closed", made)
    return made

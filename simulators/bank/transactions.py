"""Transactions of a merchant account: payments that settled and refunds that were executed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from .bank import Bank

#: Transactions on a page.
PAGE = 1000
LONGEST_DAYS = 31


def page(bank: Bank, account: str, wish: dict[str, str], size: int = PAGE) -> dict[str, Any] | None:
    """What ``GET /v3/merchant-accounts/{id}/transactions`` answers; ``None`` for a wish that TrueLayer refuses."""
    try:
        since, until = (datetime.fromisoformat(wish[name]) for name in ("from", "to"))
        start = int(wish.get("cursor", "0"))
    except (KeyError, ValueError):
        return None
    if (until - since).days > LONGEST_DAYS:
        return None
    with bank.lock:
        rows = [row for moment, row in _rows(bank, account) if since <= moment <= until]
    if kind := wish.get("type"):
        rows = [row for row in rows if (row["type"] == "payout") == (kind == "payout")]
    following = {"next_cursor": str(start + size)} if start + size < len(rows) else {}
    return {"items": rows[start : start + size], "pagination": following}


def _rows(bank: Bank, account: str) -> Iterator[tuple[datetime, dict[str, Any]]]:
    for payment in bank.payments.values():
        if payment["status"] != "settled" or payment["payment_method"]["beneficiary"]["merchant_account_id"] != account:
            continue
        settled = {"type": "merchant_account_payment", "status": "settled", "settled_at": payment["settled_at"]}
        yield datetime.fromisoformat(payment["settled_at"]), {**settled, **_money(payment), "payment_id": payment["id"]}
        for refund in bank.of(payment["id"]):
            if refund["status"] == "executed":
                money = {**_money(refund), "currency": payment["currency"]}
                given = {"type": "refund", "status": "executed", "executed_at": refund["executed_at"]}
                named = {"refund_id": refund["id"], "payment_id": payment["id"]}
                yield datetime.fromisoformat(refund["executed_at"]), {**given, **money, **named}


def _money(row: dict[str, Any]) -> dict[str, Any]:
    """A transaction has a name of its own, which is not the payment's."""
    return {"id": f"tx-{row['id']}", "currency": row.get("currency"), "amount_in_minor": row["amount_in_minor"]}

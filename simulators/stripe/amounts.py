"""Which amounts Stripe takes in which currency, and what it keeps of a charge."""

from typing import Any

from .refusal import wrong_parameter

#: Amounts in hundredths that must be whole all the same, and in thousandths that must end in nought.
MULTIPLES = {"isk": 100, "ugx": 100} | dict.fromkeys(("bhd", "jod", "kwd", "omr", "tnd"), 10)
CURRENCIES = frozenset({"gbp", "eur", "usd", "jpy", "clp", "krw", "vnd", "xof", "huf", "twd", "chf", *MULTIPLES})
LEAST = {"gbp": 30, "eur": 50, "usd": 50}
MOST = 99_999_999


def whole(wish: dict[str, Any], name: str) -> int:
    """A parameter that must be a whole number of at least 1. Raises :class:`Refusal`."""
    text = str(wish.get(name, ""))
    if not text.isascii() or not text.isdigit():
        raise wrong_parameter(name, f"Invalid integer: {text}")
    if int(text) < 1:
        raise wrong_parameter(name, "This value must be greater than or equal to 1.")
    return int(text)


def chargeable(wish: dict[str, Any]) -> tuple[int, str]:
    """Amount and currency of a payment. Raises :class:`Refusal`."""
    amount, currency = whole(wish, "amount"), str(wish.get("currency", "")).lower()
    if currency not in CURRENCIES:
        raise wrong_parameter("currency", f"Invalid currency: {currency}", "parameter_invalid")
    if amount < LEAST.get(currency, 1):
        raise wrong_parameter("amount", "Amount must be at least the minimum charge.", "amount_too_small")
    if amount > MOST:
        raise wrong_parameter("amount", "Amount must be no more than 99999999.", "amount_too_large")
    if amount % MULTIPLES.get(currency, 1):
        raise wrong_parameter("amount", "Invalid amount for this currency.", "invalid_amount")
    return amount, currency


def stripe_fee(amount: int) -> int:
    """1.5 % and 20, as European cards cost."""
    return (amount * 15 + 500) // 1000 + 20

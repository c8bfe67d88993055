"""Keeps card and account numbers, keys and tokens out of the log, whatever logger, argument or traceback holds them."""

import logging
import re
import traceback
from collections.abc import Callable
from typing import Any

from .card_numbers import find_card_numbers

MASK = "***"

#: Fields whose values are secret whatever they look like.
SECRET_FIELDS = (
    "client_secret",
    "resource_token",
    "onlinePaymentCryptogram",
    "applicationPrimaryAccountNumber",
    "account_number",
    "sort_code",
)

#: What may be kept of a match is in its first group.
_SECRETS = re.compile(
    r"()-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|()\bLS0tLS1CRUdJTiB(?!D)[A-Za-z0-9+/=]{40,}"  # a PEM in base64, as it is uploaded; D begins a certificate
    r"|()\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{4,}"
    r"|()\bwhsec_[A-Za-z0-9+/=_-]{4,}"
    r"|()\b(?:pi|seti|src|cs)_[A-Za-z0-9]+_secret_[A-Za-z0-9]+"
    r"|()\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"
    r"|(\b[Bb]earer\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|(/pay/)[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])"  # the address of a pay link is its key
    rf"|((?:{'|'.join(SECRET_FIELDS)})"
    r"[\\\"']*\s*[:=]\s*[\\\"']*)(?!null\b|None\b|\*\*\*)[^\s\\\"',;&})]+",
    re.DOTALL,
)
#: A sort code with the account number near it, as they stand on statements: 20-00-00 55779911.
_UK_ACCOUNT = re.compile(r"(?<![0-9-])[0-9]{2}-[0-9]{2}-[0-9]{2}(?![0-9-])([^0-9\n]{1,24})[0-9]{4}([0-9]{4})(?![0-9])")
#: Country, check digits and 11 to 30 more, in one piece or in groups of four.
_IBAN = re.compile(r"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![0-9A-Za-z])")
#: A text without any of these holds no secret; most lines are done after this one look.
HINT = re.compile(
    r"[0-9][0-9 -]{11,}[0-9]|PRIVATE KEY|[sr]k_|whsec_|_secret|eyJ|[Bb]earer|LS0tLS1CRUdJ|/pay/"
    r"|resource_token|onlinePaymentC|applicationPrim|account_number|sort_code"
    r"|[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4} ?[A-Z0-9]{4}|(?<![0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}[^0-9]"
)


def masked(text: str) -> str:
    """``text`` with ``***`` for each secret; of a card's or an account's number the last four digits stay."""
    if not HINT.search(text):
        return text
    text = _SECRETS.sub(lambda found: next(filter(None, found.groups()), "") + MASK, text)
    text = _UK_ACCOUNT.sub(rf"{MASK}\1{MASK}\2", text)
    text = _IBAN.sub(_without_iban, text)
    for begin, end in reversed(list(find_card_numbers(text))):
        text = f"{text[:begin]}{MASK}{text[end - 4 : end]}{text[end:]}"
    return text


def masked_value(value: Any) -> Any:
    """A JSON value with every text in it masked."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {masked_value(key): MASK if key in SECRET_FIELDS else masked_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked_value(item) for item in value]
    return value


def is_iban(text: str) -> bool:
    """Whether the check digits (ISO 13616, modulo 97) are right; blanks do not count."""
    plain = text.replace(" ", "")
    return 15 <= len(plain) <= 34 and int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def _without_iban(found: re.Match[str]) -> str:
    """What the pattern found, masked as far as it is one; capitals may follow it in the sentence."""
    text = found[0]
    for end in (len(text), *reversed([place for place, sign in enumerate(text) if sign == " "])):
        if is_iban(text[:end]):
            return f"{MASK}{text[:end].replace(' ', '')[-4:]}{text[end:]}"
    return text


def mask_records() -> None:
    """From now on every log record of this process is masked when it is made. May be repeated."""
    factory = logging.getLogRecordFactory()
    if not getattr(factory, "masks_secrets", False):
        logging.setLogRecordFactory(_masking(factory))


def _masking(factory: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    """A record is the one place that every handler, also a later one, gets its text from."""

    def make(*args: Any, **named: Any) -> logging.LogRecord:
        record = factory(*args, **named)
        _mask(record)
        return record

    make.masks_secrets = True  # type: ignore[attr-defined]
    return make


def _mask(record: logging.LogRecord) -> None:
    message = _message(record)
    cleaned = masked(message)
    if cleaned != message:
        record.msg, record.args = cleaned, None
    if record.exc_info and record.exc_info[0]:
        told = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        cleaned = masked(told)
        if cleaned != told:
            record.exc_text = cleaned
    if record.stack_info:
        record.stack_info = masked(record.stack_info)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - the boundary to whatever is logged: a bad argument must neither raise nor be shown raw
        record.msg, record.args = masked(f"{record.msg!r} with arguments that do not fit: {record.args!r:.2000}"), None
        return record.msg

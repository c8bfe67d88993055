"""Keeps card numbers, keys and tokens out of the log, whatever logger, arguments or traceback they come in."""

import logging
import re
import traceback
from collections.abc import Callable
from typing import Any

from .card_numbers import find_card_numbers

MASK = "***"

#: What may be kept of a match is in its first group.
_SECRETS = re.compile(
    r"()-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|()\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{4,}"
    r"|()\bwhsec_[A-Za-z0-9+/=_-]{4,}"
    r"|()\b(?:pi|seti|src|cs)_[A-Za-z0-9]+_secret_[A-Za-z0-9]+"
    r"|()\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"
    r"|(\b[Bb]earer\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|((?:client_secret|resource_token|onlinePaymentCryptogram|applicationPrimaryAccountNumber)"
    r"[\\\"']*\s*[:=]\s*[\\\"']*)[^\s\\\"',;&})]+",
    re.DOTALL,
)
#: A text without any of these holds no secret; most lines are done after this one look.
_HINT = re.compile(
    r"[0-9][0-9 -]{11,}[0-9]|PRIVATE KEY|[sr]k_|whsec_|_secret|eyJ|[Bb]earer"
    r"|resource_token|onlinePaymentC|applicationPrim"
)


def masked(text: str) -> str:
    """``text`` with ``***`` for each secret; of a card number the last four digits stay."""
    if not _HINT.search(text):
        return text
    text = _SECRETS.sub(lambda found: next(filter(None, found.groups()), "") + MASK, text)
    for begin, end in reversed(list(find_card_numbers(text))):
        text = f"{text[:begin]}{MASK}{text[end - 4 : end]}{text[end:]}"
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

"""Refuses bodies that hold a card number: it must not be stored, however well it was meant."""

import json
import re
from collections.abc import Iterator
from typing import Any

from odoo import _  # no record is at hand here

from ..tools.card_numbers import find_card_numbers
from .problem import Invalid, declare

declare(
    "card_number_refused",
    422,
    "Card number refused",
    "A field holds what is a payment card's number. Nothing of the request was kept.",
    "Take the number out of the text. Cards are read by the card reader or the payment page, never typed in.",
)

#: Fields of numbers that are printed on goods.
BARCODE_FIELDS = frozenset({"barcode", "barcodes"})

#: Without one of these no text in the body can hold a card number.
_HINT = re.compile(rb"[0-9](?:[ -]?[0-9]){12}|\\u00[23]")


def refuse_card_numbers(raw: bytes) -> None:
    """Raises ``card_number_refused`` naming the fields; a body that is no JSON is left to the parser."""
    if not _HINT.search(raw):
        return
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return
    fields = [path for path, text in _texts(body) if any(find_card_numbers(text))]
    if fields:
        # pylint: disable=prefer-env-translation
        detail = _("This holds a card number.")
        errors = [{"field": path, "code": "card_number_refused", "detail": detail} for path in fields[:20]]
        raise Invalid(_("A card number must not be sent in this way."), code="card_number_refused", errors=errors)


def _texts(body: Any) -> Iterator[tuple[str, str]]:
    """Every text, number and key of the body with its place; barcodes are left out."""
    waiting = [("", body)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            yield from ((path or "body", key) for key in value)
            waiting += [(f"{path}.{key}".lstrip("."), item) for key, item in value.items() if key not in BARCODE_FIELDS]
        elif isinstance(value, list):
            waiting += [(f"{path}[{place}]", item) for place, item in enumerate(value)]
        elif isinstance(value, str) or type(value) is int:
            yield path or "body", str(value)

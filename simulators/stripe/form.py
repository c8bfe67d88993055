"""Stripe's request format: form fields whose names hold a path, such as ``metadata[leg_uuid]`` and ``expand[0]``."""

import re
from typing import Any
from urllib.parse import parse_qsl

PART = re.compile(r"([^\[\]]+)|\[([^\[\]]*)\]")


def decode(text: str) -> dict[str, Any]:
    """The nested values of a body or a query; all leaves are strings, as they came."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        path = [outer or inner for outer, inner in PART.findall(name)]
        place = found
        for part in path[:-1]:
            place = place.setdefault(part or str(len(place)), {})
        place[path[-1] or str(len(place))] = value
    return {name: _lists(value) for name, value in found.items()}


def _lists(value: Any) -> Any:
    """Objects whose names are 0, 1, 2… are lists."""
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(each) for name, each in value.items()}
    numbered = all(name.isdigit() for name in inner)
    return list(inner.values()) if inner and numbered else inner

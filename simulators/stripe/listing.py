"""Lists as Stripe gives them, the newest first; searches; and objects with parts expanded."""

import copy
import re
from typing import Any

from .books import Books, Json
from .refusal import wrong_parameter

FILTERS = {
    "payment_intent": ("customer",),
    "checkout.session": ("payment_intent", "customer", "status"),
    "charge": ("payment_intent", "customer"),
    "refund": ("payment_intent", "charge"),
    "balance_transaction": ("payout", "type", "source", "currency"),
    "payout": ("status",),
    "event": ("type",),
    "dispute": ("charge", "payment_intent"),
    "payment_method_domain": ("domain_name", "enabled"),
}
BOUNDS = {
    "gte": lambda moment, bound: moment >= bound,
    "gt": lambda moment, bound: moment > bound,
    "lte": lambda moment, bound: moment <= bound,
    "lt": lambda moment, bound: moment < bound,
}
CLAUSE = re.compile(r"""\s*(?:metadata\[(["'])(?P<key>[^"']+)\1\]|(?P<name>\w+))\s*:\s*(["'])(?P<value>[^"']*)\4\s*""")
#: expandable field → kind of what it names
PARTS = {
    "latest_charge": "charge",
    "charge": "charge",
    "payment_intent": "payment_intent",
    "balance_transaction": "balance_transaction",
}


def page(books: Books, kind: str, query: Json, path: str) -> Json:
    """Filters, ``created`` bounds, ``limit``, ``starting_after`` and ``ending_before``."""
    for name in query:
        if name not in ("limit", "starting_after", "ending_before", "created", "expand", *FILTERS[kind]):
            raise wrong_parameter(name, f"Received unknown parameter: {name}", "parameter_unknown")
    rows = [row for row in reversed(books.kept[kind].values()) if _wanted(row, query, FILTERS[kind])]
    limit = _limit(query)
    if before := query.get("ending_before"):
        newer = rows[: _place(rows, before)]
        chosen, more = newer[-limit:], len(newer) > limit
    else:
        start = _place(rows, query["starting_after"]) + 1 if "starting_after" in query else 0
        chosen, more = rows[start : start + limit], len(rows) > start + limit
    inner = [name.removeprefix("data.") for name in query.get("expand") or []]
    data = [expanded(books, row, inner) for row in chosen]
    return {"object": "list", "url": path, "has_more": more, "data": data}


def search(books: Books, query: Json, path: str) -> Json:
    """``metadata['leg_uuid']:'…' AND status:'…'`` over PaymentIntents."""
    clauses = [CLAUSE.fullmatch(part) for part in str(query.get("query", "")).split(" AND ")]
    if not all(clauses):
        raise wrong_parameter("query", "The search query is not understood.", "parameter_invalid")
    found = []
    for row in reversed(books.kept["payment_intent"].values()):
        values = [(row["metadata"].get(m["key"]) if m["key"] else row.get(m["name"]), m["value"]) for m in clauses if m]
        if all(str(is_now) == asked for is_now, asked in values):
            found.append(expanded(books, row, []))
    limit = _limit(query)
    return {"object": "search_result", "url": path, "has_more": len(found) > limit, "data": found[:limit]}


def expanded(books: Books, row: Json, names: list[str]) -> Json:
    """A copy of the object with what ``names`` ask for in place of ids."""
    shown = {name: copy.deepcopy(value) for name, value in row.items() if not name.startswith("_")}
    for name in names:
        first, _, rest = name.partition(".")
        if first == "source" and isinstance(shown.get(first), str):
            shown[first] = _source(books, shown[first])
        elif isinstance(shown.get(first), str) and first in PARTS:
            shown[first] = expanded(books, books.one(PARTS[first], shown[first]), [rest] if rest else [])
        elif rest and isinstance(shown.get(first), dict) and first in PARTS:
            shown[first] |= expanded(books, shown[first], [rest])
    return shown


def _source(books: Books, name: str) -> Any:
    """What a balance transaction is of, whichever kind that is."""
    for kept in books.kept.values():
        if name in kept:
            return copy.deepcopy(kept[name])
    return name


def _wanted(row: Json, query: Json, names: tuple[str, ...]) -> bool:
    if any(name in query and str(row.get(name)) != query[name] for name in names):
        return False
    created = query.get("created")
    if isinstance(created, dict):
        return all(BOUNDS[bound](row["created"], int(moment)) for bound, moment in created.items())
    return created is None or row["created"] == int(created)


def _limit(query: Json) -> int:
    text = str(query.get("limit", 10))
    if not text.isdigit() or not 1 <= int(text) <= 100:
        raise wrong_parameter("limit", f"Invalid limit: {text}")
    return int(text)


def _place(rows: list[Json], name: str) -> int:
    for index, row in enumerate(rows):
        if row["id"] == name:
            return index
    raise wrong_parameter("starting_after", f"No such object: '{name}'", "resource_missing")

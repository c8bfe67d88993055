"""Four tills at two bills of one table in the same instant: split, merge, pay, edit. No line and no penny is lost."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from loadtests.exchange import Reply, expect
from loadtests.load_till import LoadTill, lines_of, order_of
from loadtests.races.outcome import Outcome, Restaurant, at_once, quoted
from scripts.till.identifiers import uuid7

#: What a till may be told when another was faster.
LOST = {
    "order_closed", "line_gone", "nothing_left", "paid_exceeds_total", "merge_paid_order", "amount_exceeds_due",
    "illegal_transition", "quantity_below_zero", "version_conflict",
}  # fmt: skip
BOOKED = """
    SELECT coalesce(round(sum(p.amount) * 100), 0)::int FROM pos_payment p
      JOIN pos_order o ON o.id = p.pos_order_id WHERE o.uuid IN ({orders})
"""
BILLED = """
    SELECT coalesce(round(sum(o.amount_total) * 100), 0)::int, coalesce(round(sum(l.total) * 100), 0)::int
      FROM pos_order o
      LEFT JOIN LATERAL (SELECT sum(price_subtotal_incl) AS total FROM pos_order_line
                          WHERE order_id = o.id) l ON TRUE
     WHERE o.uuid IN ({orders})
"""


def share_tables(
    restaurant: Restaurant, tills: Sequence[LoadTill], dishes: Sequence[Mapping[str, Any]], rounds: int
) -> Outcome:
    """So many tables of two bills, each fought over by four tills."""
    outcome = Outcome("four tills at two bills of one table")
    table = expect(tills[0].read("/tables/status"), 200).body["items"][0]["id"]
    for turn in range(rounds):
        bills = [_bill(till, dishes, turn + 3 * place, table) for place, till in enumerate(tills[:2])]
        _race(outcome, restaurant, tills, dishes, bills[:: 1 if turn % 2 else -1])
    return outcome


def _bill(till: LoadTill, dishes: Sequence[Mapping[str, Any]], turn: int, table: str) -> dict[str, Any]:
    wishes = [(dishes[(turn + place) % len(dishes)], 2 + place) for place in range(3)]
    return dict(expect(till.write("/orders", {**order_of(wishes), "table_id": table}), 201).body)


def _race(
    outcome: Outcome,
    restaurant: Restaurant,
    tills: Sequence[LoadTill],
    dishes: Sequence[Mapping[str, Any]],
    bills: Sequence[dict[str, Any]],
) -> None:
    first, second = bills
    part_id, added = uuid7(), lines_of([(dishes[0], 1)])[0]
    acts = [
        partial(_split, tills[0], first, part_id),
        partial(tills[1].write, f"/orders/{first['id']}:merge", {"order_ids": [second["id"]]}),
        partial(tills[2].pay_cash, second["id"], first["totals"]["due"], complete=False),
        partial(_add, tills[3], second, added),
    ]
    replies = [outcome.heard(reply) for reply in at_once(acts)]
    for reply in replies:
        code = reply.body.get("code") if reply.status >= 400 else None
        outcome.check(code is None or code in LOST, f"order {first['number']} was answered with {reply.status} {code}")
    after = [tills[0].read(f"/orders/{uuid}") for uuid in (first["id"], second["id"], part_id)]
    _check_bills(outcome, restaurant, bills, [reply.body for reply in after if reply.status == 200], replies[3])


def _split(till: LoadTill, bill: Mapping[str, Any], part_id: str) -> Reply:
    """One whole line and one piece of another."""
    lines = [{"line_id": bill["lines"][0]["id"]}, {"line_id": bill["lines"][1]["id"], "quantity": "1"}]
    wish = {"by": "item", "orders": [{"id": part_id, "lines": lines}]}
    return till.write(f"/orders/{bill['id']}:split", wish)


def _add(till: LoadTill, bill: Mapping[str, Any], line: Mapping[str, Any]) -> Reply:
    operation = {"type": "add_line", "op_id": uuid7(), "line": line}
    return till.write(f"/orders/{bill['id']}/operations", {"base_version": 1, "operations": [operation]})


def _check_bills(
    outcome: Outcome,
    restaurant: Restaurant,
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    edited: Reply,
) -> None:
    number = before[0]["number"]
    applied = edited.status == 200 and edited.body["results"][0]["result"] == "applied"
    extra = [line for line in edited.body["order"]["lines"] if line["quantity"] == "1"][-1:] if applied else []
    had = _dishes([*before, {"lines": extra}])
    outcome.check(_dishes(after) == had, f"lines of {number}: {had} became {_dishes(after)}")
    ids = [line["id"] for bill in after for line in bill["lines"]]
    outcome.check(len(set(ids)) == len(ids), f"a line of {number} is on two bills")
    total = sum(line["total"]["amount"] for line in extra) + sum(_total(bill) for bill in before)
    outcome.check(
        sum(map(_total, after)) == total, f"bills of {number} come to {sum(map(_total, after))} instead of {total}"
    )
    orders = quoted([bill["id"] for bill in after])
    paid = sum(bill["totals"]["paid"]["amount"] for bill in after)
    booked, billed = restaurant.sql(BOOKED.format(orders=orders)), restaurant.sql(BILLED.format(orders=orders))
    outcome.check(int(booked) == paid, f"{booked} are booked for {number}, the bills say {paid}")
    outcome.check(billed == f"{total}|{total}", f"the books of {number} say {billed}, the bills {total}")


def _dishes(bills: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """How much of each dish is on the bills."""
    found: Counter[str] = Counter()
    for bill in bills:
        for line in bill["lines"]:
            found[line["variant_id"]] += int(line["quantity"])
    return found


def _total(bill: Mapping[str, Any]) -> int:
    return int(bill["totals"]["total"]["amount"])

"""One round of everything that tills ask for, so that the plans of all its statements are seen."""

from collections.abc import Mapping, Sequence
from typing import Any

from loadtests.endpoints.calls import reads, writes
from loadtests.exchange import expect
from loadtests.load_till import LoadTill

#: Statements that have been executed five times get the plan that they keep.
ROUNDS = 7
SEATED = 3
#: Reads that ``endpoints`` does not drive.
PATHS = (
    "/orders?limit=50",
    "/orders?business_date={day}&limit=50",
    "/orders?number={number}",
    "/refunds?limit=20",
    "/audit-log?limit=20",
    "/menu/stock",
    "/kitchen/summary",
    "/floors",
    "/tables/status",
    "/devices",
    "/employees",
    "/approvals",
    "/auth/sessions",
)


def ask_for_everything(tills: Sequence[LoadTill], dishes: Sequence[Mapping[str, Any]]) -> int:
    """Every hot request some times over; how many requests that were. Raises ``Unexpected`` when one fails."""
    till, requests = tills[0], 0
    endpoints = [*reads(tills, dishes), *writes(tills, dishes, payments=ROUNDS)]
    for endpoint in endpoints:
        for _ in range(ROUNDS):
            expect(endpoint.send(), endpoint.status)
            requests += 1
    _seat_parties(till)
    order = expect(till.create_order([(dish, 1) for dish in dishes[:3]]), 201).body
    expect(till.write(f"/orders/{order['id']}:send"), 200)
    for path in PATHS:
        for _ in range(ROUNDS):
            expect(till.read(path.format(day=order["business_date"], number=order["number"])), 200)
            requests += 1
    return requests


def _seat_parties(till: LoadTill) -> None:
    """Guests who have not ordered yet: whether they have paid is looked for among all orders."""
    floors = expect(till.read("/floors"), 200).body["items"]
    for table in [table for floor in floors for table in floor["tables"]][:SEATED]:
        expect(till.patch(f"/tables/{table['id']}", {"state": "seated", "guests": 2}), 200)

"""Four tills edit one order without a pause: none is refused, none waits long, and no edit is lost."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from loadtests.exchange import expect
from loadtests.load_till import LoadTill
from loadtests.races.outcome import Outcome, at_once
from loadtests.stage import Stage

#: What Odoo says before it repeats a whole request after a serialization failure.
RETRIED = "tries left, try again in"


def edit_together(tills: Sequence[LoadTill], dishes: Sequence[Mapping[str, Any]], edits: int) -> Outcome:
    """Each till takes one more of the shared line so often; the sum of all is on the order at the end."""
    outcome = Outcome(f"{len(tills)} tills × {edits} edits of one order")
    order = expect(tills[0].create_order([(dish, 1) for dish in dishes[:3]]), 201).body
    at_once([partial(_edit, outcome, till, order, edits) for till in tills])
    after = expect(tills[0].read(f"/orders/{order['id']}"), 200).body
    wanted = len(tills) * edits
    outcome.check(after["lines"][0]["quantity"] == str(1 + wanted), f"the line has {after['lines'][0]['quantity']}")
    outcome.check(after["version"] == order["version"] + wanted, f"the order is at version {after['version']}")
    return outcome


def retries_of_odoo(stage: Stage) -> int:
    """How often a conflict has reached Odoo's own retry, which sleeps for up to seconds."""
    return stage.stack.process("odoo").log.read_text(errors="replace").count(RETRIED)


def _edit(outcome: Outcome, till: LoadTill, order: Mapping[str, Any], edits: int) -> None:
    for _ in range(edits):
        reply = outcome.heard(till.change_quantity(order, order["lines"][0]["id"], 1))
        outcome.check(reply.status == 200, f"an edit was answered with {reply.status}: {reply.raw[:200]!r}")
        if reply.status == 200:
            order = reply.body["order"]

"""The same request many times in the same instant, under one Idempotency-Key: one order, one answer for all."""

from collections.abc import Mapping, Sequence
from typing import Any

from loadtests.load_till import LoadTill, order_of
from loadtests.races.outcome import Outcome, Restaurant, at_once
from scripts.till.identifiers import uuid7

TWINS = 8
MADE = "SELECT count(*) FROM pos_order WHERE uuid = '{order}'"


def retry_at_once(
    restaurant: Restaurant, tills: Sequence[LoadTill], dishes: Sequence[Mapping[str, Any]], rounds: int
) -> Outcome:
    """So many orders, each sent eight times at once by one till."""
    outcome, till = Outcome(f"{TWINS} identical retries at once"), tills[0]
    for number in range(rounds):
        body, key = order_of([(dish, 1) for dish in dishes[:3]]), uuid7()
        acts = [lambda body=body, key=key: till.write("/orders", body, key)] * TWINS
        replies = [outcome.heard(reply) for reply in at_once(acts)]
        statuses = sorted(reply.status for reply in replies)
        outcome.check(statuses == [201] * TWINS, f"round {number} was answered with {statuses}")
        answers = {reply.raw for reply in replies if reply.status == 201}
        outcome.check(len(answers) == 1, f"round {number} has {len(answers)} different answers")
        made = restaurant.sql(MADE.format(order=body["id"]))
        outcome.check(made == "1", f"round {number} made {made} orders")
    return outcome

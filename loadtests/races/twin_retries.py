"""The same request many times in the same instant, under one Idempotency-Key: one order, one answer for all."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from loadtests.exchange import Reply
from loadtests.load_till import LoadTill, order_of
from loadtests.races.outcome import Outcome, Restaurant, at_once
from scripts.till.identifiers import uuid7

TWINS = 8
TRIES, PAUSE_S = 100, 0.05
MADE = "SELECT count(*) FROM pos_order WHERE uuid = '{order}'"


def retry_at_once(
    restaurant: Restaurant, tills: Sequence[LoadTill], dishes: Sequence[Mapping[str, Any]], rounds: int
) -> Outcome:
    """So many orders, each sent eight times at once by one till."""
    outcome, till = Outcome(f"{TWINS} identical retries at once"), tills[0]
    for number in range(rounds):
        body, key = order_of([(dish, 1) for dish in dishes[:3]]), uuid7()
        acts = [partial(_persist, outcome, till, body, key)] * TWINS
        replies = at_once(acts)
        codes = sorted(str(reply.body.get("code", reply.status)) for reply in replies)
        outcome.check(codes == ["201"] * TWINS, f"round {number} was answered with {codes}")
        answers = {reply.raw for reply in replies if reply.status == 201}
        outcome.check(len(answers) == 1, f"round {number} has {len(answers)} different answers")
        made = restaurant.sql(MADE.format(order=body["id"]))
        outcome.check(made == "1", f"round {number} made {made} orders")
    return outcome


def _persist(outcome: Outcome, till: LoadTill, body: object, key: str) -> Reply:
    """Sends the same again while a twin is at work, as the problem's text asks a till to do."""
    for _ in range(TRIES):
        reply = outcome.heard(till.write("/orders", body, key))
        if reply.status != 409 or reply.body["code"] != "operation_in_progress":
            break
        time.sleep(PAUSE_S)
    return reply

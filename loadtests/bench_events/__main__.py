"""``make bench-events``: orders at a steady rate, ten tills listening, through the real relay and gateway."""

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from loadtests.bench_events.listener import Listener
from loadtests.budget import Budget, missed, print_budgets, print_table
from loadtests.entry import run
from loadtests.exchange import expect
from loadtests.figures import percentile
from loadtests.load_till import LoadTill, sign_in
from loadtests.result import announce, write_result
from loadtests.stage import stage
from scripts.local.stack import APPLICATIONS

LISTENERS = 10
WARM_UP_ORDERS = 10
#: After the last order; an event that is later than this is lost.
PATIENCE_S = 5.0
SHARES = (0.5, 0.95, 0.99)


def main() -> int:
    options = _options()
    with stage("events", max_cron_threads="0") as scene:
        facts = announce(scene, options)
        location = scene.ask_odoo("restaurant", "open_location", tills=1 + LISTENERS, menu_products=0)
        scene.start(*APPLICATIONS)
        seller, *others = sign_in(scene.url, location)
        topic = f"l.{location['location']}.orders"
        listeners = [Listener(scene.websocket_url, till.token, topic) for till in others]
        answered = asyncio.run(_sell(seller, listeners, location["dishes"], options.rate, options.seconds))
    delays = delays_ms(answered, listeners)
    budgets = _budgets(delays, answered, listeners)
    print_table(("milliseconds", *(f"p{share * 100:.0f}" for share in SHARES), "max"), _rows(delays))
    print_budgets(budgets)
    figures = {name: dict(zip(("p50", "p95", "p99"), _percentiles(values), strict=True)) for name, values in delays}
    write_result("bench_events", facts, budgets, figures, options.json, configuration=options, usage=scene.usage())
    return 1 if options.strict and missed(budgets) else 0


async def _sell(
    till: LoadTill, listeners: Sequence[Listener], dishes: Sequence[Mapping[str, Any]], rate: float, seconds: float
) -> dict[str, float]:
    """Makes orders while the listeners listen; tells by order when its answer had come."""
    async with asyncio.TaskGroup() as tasks:
        listening = [tasks.create_task(listener.listen()) for listener in listeners]
        while not all(listener.subscribed for listener in listeners):
            await asyncio.sleep(0.05)
        await _make_orders(till, dishes, rate, WARM_UP_ORDERS)
        answered = await _make_orders(till, dishes, rate, int(rate * seconds))
        await _await_events(answered, listeners)
        for task in listening:
            task.cancel()
    return answered


async def _make_orders(
    till: LoadTill, dishes: Sequence[Mapping[str, Any]], rate: float, count: int
) -> dict[str, float]:
    wishes = [(dish, 1) for dish in dishes[:3]]
    answered, due = {}, time.monotonic()
    for _ in range(count):
        reply = await asyncio.to_thread(till.create_order, wishes)
        answered[expect(reply, 201).body["id"]] = reply.began_at + reply.took_s
        due += 1 / rate
        await asyncio.sleep(max(0, due - time.monotonic()))
    return answered


async def _await_events(orders: Mapping[str, float], listeners: Sequence[Listener]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and not all(orders.keys() <= listener.heard.keys() for listener in listeners):
        await asyncio.sleep(0.02)


def delays_ms(answered: Mapping[str, float], listeners: Sequence[Listener]) -> list[tuple[str, list[float]]]:
    """What was waited for, from two beginnings: the commit (the event's ``at``) and the seller's answer."""
    heard = [(order, [way.heard[order] for way in listeners if order in way.heard]) for order in answered]
    sent = {order: moment for listener in listeners for order, moment in listener.sent.items()}
    complete = [(order, moments) for order, moments in heard if moments]
    return [
        ("commit → each till", [_ms(moment - sent[order]) for order, moments in complete for moment in moments]),
        ("commit → last till", [_ms(max(moments) - sent[order]) for order, moments in complete]),
        ("answer → each till", [_ms(moment - answered[order]) for order, moments in complete for moment in moments]),
        ("answer → last till", [_ms(max(moments) - answered[order]) for order, moments in complete]),
    ]


def _budgets(
    delays: Sequence[tuple[str, list[float]]], answered: Mapping[str, float], listeners: Sequence[Listener]
) -> list[Budget]:
    p50, _p95, p99 = _percentiles(dict(delays)["commit → last till"])
    lost = sum(order not in listener.heard for listener in listeners for order in answered)
    return [
        Budget("commit → last of 10 tills: p99", p99, 50, None, " ms"),
        Budget("commit → last of 10 tills: p50", p50, 50, 10, " ms"),
        Budget("events lost", lost, 0),
        Budget("events heard twice", sum(listener.doubled for listener in listeners), 0),
    ]


def _percentiles(values: Sequence[float]) -> list[float]:
    return [round(percentile(values, share), 1) for share in SHARES]


def _rows(delays: Sequence[tuple[str, list[float]]]) -> list[list[str]]:
    return [[name, *map(str, _percentiles(values)), f"{max(values):.1f}"] for name, values in delays]


def _ms(seconds: float) -> float:
    return seconds * 1000


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench_events", description=__doc__)
    parser.add_argument("--rate", type=float, default=10, help="orders a second (10)")
    parser.add_argument("--seconds", type=float, default=30, help="how long (30)")
    parser.add_argument("--strict", action="store_true", help="fail when a 'must' of the budget is missed")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/bench_events.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))

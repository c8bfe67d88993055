"""``make bench-rights``: roles, the permission map and devices are changed, and live sockets hear of it."""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from loadtests.bench_rights.watcher import Watcher
from loadtests.budget import Budget, missed, print_budgets, print_table
from loadtests.entry import run
from loadtests.exchange import Reply, expect
from loadtests.figures import environment, environment_line, percentile
from loadtests.load_till import LoadTill, sign_in
from loadtests.result import write_result
from loadtests.stage import Stage, stage
from scripts.local.stack import APPLICATIONS

#: After a change; a connection that still has its rights then keeps them for good.
PATIENCE_S = 10.0
SHARES = (0.5, 0.95, 0.99)
REVOKED = 4403
KITCHEN = {"role": "kitchen"}

COMMITS = """
    SELECT extract(epoch FROM created_at AT TIME ZONE 'UTC') FROM fynlo_outbox
     WHERE type = '{type}' AND id > {after} ORDER BY id
"""

Delays = dict[str, list[float]]


def main() -> int:
    options = _options()
    with stage("rights", max_cron_threads="0") as scene:
        facts = environment(scene)
        print(environment_line(facts), end="\n\n")
        location = scene.ask_odoo("restaurant", "open_location", tills=1 + options.connections, menu_products=0)
        scene.start(*APPLICATIONS)
        manager, *others = sign_in(scene.url, location)
        delays = asyncio.run(_take_rights(scene, manager, others, location))
    budgets = _budgets(delays)
    print_table(("milliseconds", "n", *(f"p{share * 100:.0f}" for share in SHARES), "max"), _rows(delays))
    print_budgets(budgets)
    figures = {
        name: dict(zip(("p50", "p95", "p99"), _percentiles(values), strict=True)) for name, values in delays.items()
    }
    write_result("bench_rights", facts, budgets, figures, options.json)
    return 1 if options.strict and missed(budgets) else 0


async def _take_rights(
    scene: Stage, manager: LoadTill, others: Sequence[LoadTill], location: Mapping[str, object]
) -> Delays:
    """Every connection first loses a topic by its employee's role, then one by the map, then its device."""
    orders, kitchen = (f"l.{location['location']}.{kind}" for kind in ("orders", "kitchen"))
    watchers = [Watcher(scene.websocket_url, till.token, (orders, kitchen)) for till in others]
    async with asyncio.TaskGroup() as tasks:
        for watcher in watchers:
            tasks.create_task(watcher.watch())
        await _until(lambda: all(len(watcher.following) == 2 for watcher in watchers))
        after = _last_event(scene)
        began = [
            await _change(partial(manager.patch, f"/employees/{till.employee_id}", KITCHEN), _has_lost(one, orders))
            for till, one in zip(others, watchers, strict=True)
        ]
        narrowed = _commits(scene, "permissions.changed", after)
        after = _last_event(scene)
        await asyncio.to_thread(scene.ask_odoo, "restaurant", "take_from_kitchen", permission="kitchen.read")
        await _until(lambda: all(kitchen in watcher.lost for watcher in watchers))
        (at_once,) = _commits(scene, "permissions.changed", after)
        after = _last_event(scene)
        for till, watcher in zip(others, watchers, strict=True):
            await _change(partial(manager.delete, f"/devices/{till.device_id}"), _is_closed(watcher))
        revoked = _commits(scene, "device.revoked", after)
    if {watcher.close_code for watcher in watchers} != {REVOKED}:
        raise AssertionError(f"closed with {sorted({watcher.close_code for watcher in watchers})}")
    lost = [watcher.lost for watcher in watchers]
    return {
        "role changed: request → topic ended": _ms([one[orders] for one in lost], began),
        "role changed: commit → topic ended": _ms([one[orders] for one in lost], narrowed),
        "map changed: commit → topic ended, everybody's": _ms([one[kitchen] for one in lost], [at_once] * len(lost)),
        "device revoked: commit → closed": _ms([watcher.closed_at for watcher in watchers], revoked),
    }


async def _change(request: Callable[[], Reply], happened: Callable[[], bool]) -> float:
    """One change by API and its effect; when the request was sent."""
    reply = expect(await asyncio.to_thread(request), 200)
    await _until(happened)
    return reply.began_at


def _has_lost(watcher: Watcher, topic: str) -> Callable[[], bool]:
    return lambda: topic in watcher.lost


def _is_closed(watcher: Watcher) -> Callable[[], bool]:
    return lambda: watcher.closed_at > 0


async def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        if time.monotonic() > deadline:
            raise AssertionError(f"the connections did not hear of it within {PATIENCE_S:g} s")
        await asyncio.sleep(0.005)


def _last_event(scene: Stage) -> int:
    return int(scene.sql("SELECT coalesce(max(id), 0) FROM fynlo_outbox"))


def _commits(scene: Stage, type: str, after: int) -> list[float]:
    """When the events of a type were written, just before their commits, in order."""
    return [float(row) for row in scene.sql(COMMITS.format(type=type, after=after)).split()]


def _ms(ended: Sequence[float], began: Sequence[float]) -> list[float]:
    return [(end - begin) * 1000 for end, begin in zip(ended, began, strict=True)]


def _budgets(delays: Delays) -> list[Budget]:
    """From the slowest of all: the promise is a second."""
    return [Budget(f"{name}, slowest", max(values), 1000, 100, " ms") for name, values in delays.items()]


def _percentiles(values: Sequence[float]) -> list[float]:
    return [round(percentile(values, share), 1) for share in SHARES]


def _rows(delays: Delays) -> list[list[str]]:
    return [
        [name, str(len(values)), *map(str, _percentiles(values)), f"{max(values):.1f}"]
        for name, values in delays.items()
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench_rights", description=__doc__)
    parser.add_argument("--connections", type=int, default=30, help="how many live connections (30)")
    parser.add_argument("--strict", action="store_true", help="fail when a 'must' of the budget is missed")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/bench_rights.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))

"""``make load-endpoints``: thirteen endpoints at 1,000 a minute each, bursts, limits, and servers that go away."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loadtests.budget import Budget, missed, print_budgets, print_table
from loadtests.endpoints.calls import Endpoint, reads, writes
from loadtests.endpoints.limits import LIMITS, RATE, Limiting, ask_for_twice
from loadtests.endpoints.outages import Outage, postgres_stops, redis_hangs, redis_stops
from loadtests.entry import run
from loadtests.load_till import LoadTill, sign_in
from loadtests.pacing import Paced, pace
from loadtests.result import announce, write_result
from loadtests.stage import NO_LIMITS, Stage, stage
from scripts.local.end_to_end import LiveRestaurant
from scripts.local.stack import APPLICATIONS

MENU_PRODUCTS = 200
#: So many that no worker is replaced for its age within a run.
ODOO = {"workers": "2", "max_cron_threads": "1", "limit_request": "1000000"}
BURST = 10
BURST_S = 3.0
#: What is burst: the cheapest read and the dearest write of a rush.
BURST_OF = ("GET /menu", "POST /orders")
WARM_UP = 6
SELLERS = 4
OUTAGES: tuple[Callable[..., Outage], ...] = (redis_stops, redis_hangs, postgres_stops)


@dataclass
class Findings:
    """Everything that was measured, and every failure as a sentence."""

    paced: list[Paced] = field(default_factory=list)
    bursts: list[Paced] = field(default_factory=list)
    limiting: list[Limiting] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def main() -> int:
    options = _options()
    with stage("endpoints", **ODOO) as scene:
        facts = announce(scene, options)
        location = scene.ask_odoo("restaurant", "open_location", tills=options.tills, menu_products=MENU_PRODUCTS)
        scene.start(*APPLICATIONS)
        findings = _measure(scene, sign_in(scene.url, location), location["dishes"], options)
    budgets = _budgets(findings, options)
    _print(findings)
    print_budgets(budgets)
    figures = _figures(findings)
    write_result("endpoints", facts, budgets, figures, options.json, configuration=options, usage=scene.usage())
    return 1 if findings.failures or (options.strict and missed(budgets)) else 0


def _measure(
    scene: Stage, tills: Sequence[LoadTill], dishes: Sequence[Mapping[str, Any]], options: argparse.Namespace
) -> Findings:
    findings, rate = Findings(), options.per_minute / 60
    payments = round(rate * options.seconds) + WARM_UP
    endpoints = [*reads(tills, dishes), *writes(tills, dishes, payments)]
    for endpoint in endpoints:
        findings.paced.append(_paced(findings, endpoint, rate, options.seconds))
    for endpoint in (one for one in endpoints if one.name in BURST_OF):
        findings.bursts.append(_burst(findings, endpoint, rate * BURST))
    for outage in OUTAGES:
        findings.outages.append(found := outage(LiveRestaurant(scene.stack), tills[:SELLERS], dishes, options.away))
        findings.failures += found.faults
        print(f"  {found.name}: {found.statuses()}, sells again after {found.recovered_s:.1f} s", flush=True)
    findings.limiting.append(limiting := _limit(scene, tills, options.seconds))
    findings.failures += limiting.faults
    return findings


def _paced(findings: Findings, endpoint: Endpoint, rate: float, seconds: float) -> Paced:
    """At a steady rate, after some that do not count: every worker has met the endpoint then."""
    for _ in range(WARM_UP):
        endpoint.send()
    paced = pace(endpoint.name, endpoint.send, rate, seconds)
    findings.failures += paced.failures(endpoint.status)
    print(f"  {endpoint.name}: {paced.per_minute:.0f} a minute, p95 {paced.milliseconds(0.95):.0f} ms", flush=True)
    return paced


def _burst(findings: Findings, endpoint: Endpoint, rate: float) -> Paced:
    burst = pace(f"{endpoint.name}, burst", endpoint.send, rate, BURST_S)
    findings.failures += burst.failures(endpoint.status)
    print(f"  {burst.name}: {burst.wanted} in {BURST_S:g} s, the last answer {burst.drained_s:.1f} s later", flush=True)
    return burst


def _limit(scene: Stage, tills: Sequence[LoadTill], seconds: float) -> Limiting:
    """Odoo again with the product's kind of limits, low enough to be reached on any machine."""
    os.environ["FYNLO_RATE_LIMITS"] = LIMITS
    try:
        scene.restart_odoo(**ODOO)
        return ask_for_twice(tills[0], tills[1:4], seconds)
    finally:
        os.environ["FYNLO_RATE_LIMITS"] = NO_LIMITS


def _budgets(findings: Findings, options: argparse.Namespace) -> list[Budget]:
    (limiting,) = findings.limiting
    by_name = {outage.name: outage for outage in findings.outages}
    away = [by_name[name] for name in ("Redis stopped", "Redis hangs")]
    database = by_name["PostgreSQL stopped"]
    slowest, fewest = _worst(findings.paced)
    return [
        Budget("failures of every kind", len(findings.failures), 0),
        Budget(f"slowest endpoint: requests a minute of {options.per_minute}", fewest, options.per_minute * 0.97,
               more_is_better=True),
        Budget("slowest endpoint: p95", slowest, 150, 60, " ms"),
        Budget(f"{BURST}× burst: all answered after", max(one.drained_s for one in findings.bursts), 10, 3, " s"),
        Budget("twice the limit: p95 of the other tills", max(one.milliseconds(0.95) for one in limiting.polite), 150,
               60, " ms"),
        Budget("Redis away or hanging: p95 of a request", max(one.p95_s() for one in away) * 1000, 300, 150, " ms"),
        Budget("Redis away or hanging: slowest request", max(one.slowest_s() for one in away), 1.5, 0.5, " s"),
        Budget("PostgreSQL away: slowest refusal", database.slowest_s(), 2, 0.5, " s"),
        Budget("PostgreSQL back: every till sells after", database.recovered_s, 5, 2, " s"),
    ]  # fmt: skip


def _worst(paced: Sequence[Paced]) -> tuple[float, float]:
    """The slowest p95, and the smallest number of answers a minute."""
    return max(one.milliseconds(0.95) for one in paced), min(one.per_minute for one in paced)


def _print(findings: Findings) -> None:
    shares = (0.5, 0.95, 0.99, 1.0)
    rows = [
        [one.name, str(one.wanted), f"{one.per_minute:.0f}", *(f"{one.milliseconds(share):.0f}" for share in shares)]
        for one in (*findings.paced, *findings.bursts)
    ]
    print()
    print_table(("milliseconds", "n", "a minute", "p50", "p95", "p99", "max"), rows)
    for outage in findings.outages:
        print(f"{outage.name}: {outage.figures()}")
    (limiting,) = findings.limiting
    print(f"twice the limit of {RATE} a second: {limiting.accepted} let through, {len(limiting.refused)} refused\n")
    for failure in findings.failures[:20]:
        print(f"FAILED {failure}")


def _figures(findings: Findings) -> dict[str, object]:
    (limiting,) = findings.limiting
    return {
        **{one.name: one.figures() for one in (*findings.paced, *findings.bursts)},
        **{outage.name: outage.figures() for outage in findings.outages},
        "let through at twice the limit": limiting.accepted,
        "refused at twice the limit": len(limiting.refused),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.endpoints", description=__doc__)
    parser.add_argument("--tills", type=int, default=8, help="tills that take turns (8)")
    parser.add_argument("--per-minute", type=int, default=1000, help="requests to each endpoint (1000)")
    parser.add_argument("--seconds", type=float, default=12, help="how long at each endpoint (12)")
    parser.add_argument("--away", type=float, default=6, help="seconds that a server is away (6)")
    parser.add_argument("--strict", action="store_true", help="fail when a 'must' of the budget is missed")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/endpoints.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))

"""``make load-websocket``: one gateway process against thousands of tills, and against a plain broadcast server."""

import argparse
import sys
from collections.abc import Sequence

from loadtests.budget import Budget, missed, print_budgets, print_table
from loadtests.curve import Curve
from loadtests.entry import run
from loadtests.figures import machine
from loadtests.resource_watch import ResourceWatch
from loadtests.result import announce_facts, write_result
from loadtests.stage import exclusive
from loadtests.websocket.contest import Side, ratio, take_turns
from loadtests.websocket.hearing import Group, Hearing
from loadtests.websocket.servers import Servers, servers
from loadtests.websocket.trials import Trial, fan_out, flood, many_clients, slow_clients, storm
from scripts.local.installation import STEPS, install
from scripts.local.layout import LOAD
from scripts.local.progress import SilentProgress
from scripts.local.redis_server import RedisServer

DELIVERIES_A_TURN = 20_000
ONE, TEN = "one event", "ten at once"


def main() -> int:
    options = _options()
    installation = install(SilentProgress(STEPS))
    with exclusive():
        LOAD.create()
        redis = RedisServer(LOAD, installation.programs.redis_server, durable=True)
        redis.start()
        try:
            redis.flush()
            facts = announce_facts(machine(installation.programs.redis_server), options)
            with servers(LOAD.redis_url(), LOAD.logs) as running, ResourceWatch(running.groups()) as watch:
                return _measure(running, options, facts, watch)
        finally:
            redis.stop()


def _measure(running: Servers, options: argparse.Namespace, facts: dict[str, str], watch: ResourceWatch) -> int:
    ours, theirs = contest(running, options.connections, rounds=options.rounds)
    _print_contest(ours, theirs)
    heard = fan_out(running, [1, 10, 100, *options.connections], events=options.events)
    _print_fan_out(heard)
    trials = [
        _told(many_clients(running, options.most, events=10)),
        _told(slow_clients(running, clients=200, slow=20, events=1500)),
        _told(storm(running, clients=options.connections[0])),
        _told(flood(running, attackers=options.attackers, tills=10)),
    ]
    print()
    budgets = [*_contest_budgets(ours, theirs), *_bearing_budgets(heard, trials)]
    print_budgets(budgets)
    faults = [*ours.heard.faults, *theirs.heard.faults, *(fault for trial in trials for fault in trial.faults)]
    for fault in faults:
        print(f"FAULT: {fault}")
    watch.stop()
    write_result(
        "websocket",
        facts,
        budgets,
        _figures(ours, theirs, heard, trials),
        options.json,
        configuration=options,
        usage=watch.usage(),
        curves=[_curve(heard)],
    )
    return 1 if faults or (options.strict and missed(budgets)) else 0


def contest(
    running: Servers, sizes: Sequence[int], *, rounds: int, deliveries: int = DELIVERIES_A_TURN
) -> tuple[Side, Side]:
    """Both servers with ever more clients; at each size they take turns."""
    with (
        running.gateway() as gateway,
        running.broadcaster("l.load.theirs") as broadcaster,
        running.crowd(gateway) as our_crowd,
        running.crowd(broadcaster) as their_crowd,
    ):
        ours = Side("gateway", gateway, Group(our_crowd, running.relay, "all", "l.load.ours"), gateway.pss_kb)
        theirs = Side(
            "broadcast", broadcaster, Group(their_crowd, running.relay, "all", "l.load.theirs"), broadcaster.pss_kb
        )
        for size in sizes:
            for side in (ours, theirs):
                side.grow(size)
            bursts = max(3, deliveries // size)
            take_turns([ours, theirs], _kind(ONE, size), rounds=rounds, bursts=bursts)
            take_turns([ours, theirs], _kind(TEN, size), rounds=rounds, bursts=max(1, bursts // 5), burst=10)
    return ours, theirs


def _kind(what: str, size: int) -> str:
    return f"{what}, {size} clients"


def _print_contest(ours: Side, theirs: Side) -> None:
    rows = [
        [kind, f"{ours.cost_us(kind):.2f}", f"{theirs.cost_us(kind):.2f}", f"{ratio(ours, theirs, kind):.2f}"]
        for kind in ours.us_per_delivery
    ]
    print_table(("CPU µs per delivery", "gateway", "broadcast", "ratio"), rows)
    rows = [
        [str(size), f"{ours.kb_per_connection[size]:.1f}", f"{theirs.kb_per_connection[size]:.1f}"]
        for size in ours.kb_per_connection
    ]
    print_table(("kB per connection (PSS)", "gateway", "broadcast"), rows)


def _print_fan_out(heard: Sequence[tuple[int, Hearing]]) -> None:
    rows = [
        [str(size), *(f"{hearing.delay_ms(share):.1f}" for share in (0.5, 0.95, 0.99)), str(hearing.deliveries)]
        for size, hearing in heard
    ]
    print_table(("publish → last of n clients, ms", "p50", "p95", "p99", "deliveries"), rows)


def _told(trial: Trial) -> Trial:
    """Prints what came of it at once: the next one takes its time."""
    told = " · ".join(f"{name} {value:g}" for name, value in trial.figures.items())
    print(f"{trial.name}: {told}", flush=True)
    return trial


def _contest_budgets(ours: Side, theirs: Side) -> list[Budget]:
    ratios = {size: ratio(ours, theirs, _kind(ONE, size)) for size in ours.kb_per_connection}
    return [
        *(Budget(f"CPU per delivery against broadcast at {n}", value, 0.9, 0.6) for n, value in ratios.items()),
        *(Budget(f"memory per connection at {n}", kb, 32, 18, " kB") for n, kb in ours.kb_per_connection.items()),
        Budget("CPU of connect, sign-in and subscribe", ours.connect_ms, 1.2, 0.75, " ms"),
    ]


def _bearing_budgets(heard: Sequence[tuple[int, Hearing]], trials: Sequence[Trial]) -> list[Budget]:
    delays = {size: hearing.delay_ms(0.5) for size, hearing in heard}
    many, slow = trials[0].figures, trials[1].figures
    wrong = sum(len(hearing.faults) for _, hearing in heard) + sum(len(trial.faults) for trial in trials)
    return [
        Budget("publish → last of 10 clients: p50", delays[10], 5, 1.5, " ms"),
        Budget("connections on one process", many["live"], 1000, 9000, more_is_better=True),
        Budget("memory for clients that stop reading", slow["grew by MB"], 32, None, " MB"),
        Budget("faults: lost, doubled, closed, not answered", wrong, 0),
    ]


def _figures(
    ours: Side, theirs: Side, heard: Sequence[tuple[int, Hearing]], trials: Sequence[Trial]
) -> dict[str, object]:
    return {
        "us_per_delivery": {
            kind: {"gateway": ours.cost_us(kind), "broadcast": theirs.cost_us(kind), "ratio": ratio(ours, theirs, kind)}
            for kind in ours.us_per_delivery
        },
        "kb_per_connection": {side.name: side.kb_per_connection for side in (ours, theirs)},
        "connect_ms": {side.name: side.connect_ms for side in (ours, theirs)},
        "last_client_ms": {
            size: {f"p{share * 100:.0f}": hearing.delay_ms(share) for share in (0.5, 0.95, 0.99)}
            for size, hearing in heard
        },
        "trials": {trial.name: trial.figures for trial in trials},
    }


def _curve(heard: Sequence[tuple[int, Hearing]]) -> Curve:
    lines = {f"p{share * 100:.0f}": [hearing.delay_ms(share) for _, hearing in heard] for share in (0.5, 0.99)}
    return Curve("publish → last client", "clients of the topic", "ms", [size for size, _ in heard], lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.websocket", description=__doc__)
    parser.add_argument("--connections", type=int, nargs="+", default=[1000, 5000], help="sizes compared (1000 5000)")
    parser.add_argument("--most", type=int, default=9000, help="connections of the largest trial (9000)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contestant (5)")
    parser.add_argument("--events", type=int, default=40, help="events for each size of fan-out (40)")
    parser.add_argument("--attackers", type=int, default=10_000, help="connects from one address (10000)")
    parser.add_argument("--strict", action="store_true", help="fail when a 'must' of the budget is missed")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/websocket.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))

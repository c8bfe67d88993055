"""``make load-notifications``: a bank tells of payments at a steady rate, each twice, through Odoo's real workers."""

import argparse
import itertools
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from loadtests.budget import Budget, missed, print_budgets, print_table
from loadtests.entry import run
from loadtests.exchange import Reply, exchange
from loadtests.figures import percentile
from loadtests.pacing import Paced, Send, pace
from loadtests.result import announce, write_result
from loadtests.stage import Stage, stage
from simulators.bank.signing import notification_headers

PATH = "/api/v1/open-banking/webhook/truelayer"
READY = "/api/v1/health/ready"
WARM_UP = 10
#: After the last answer; what is handled later counts as lost.
PATIENCE_S = 60.0
SHARES = (0.5, 0.95, 0.99)

#: Seconds from the moment at which each was kept to the one at which it was done with.
HANDLED = """
    SELECT extract(epoch FROM handled_at - received_at) FROM fynlo_payment_notification
     WHERE handled_at IS NOT NULL AND id > {after} ORDER BY id
"""
KEPT = "SELECT count(*) FROM fynlo_payment_notification WHERE id > {after}"


def main() -> int:
    options = _options()
    with stage("notifications", max_cron_threads="2") as scene:
        facts = announce(scene, options)
        scene.start("bank", "odoo")
        pace("warm-up", _sender(scene, notices(WARM_UP)), 5, 2 * WARM_UP / 5)
        _await_handled(scene, 0, WARM_UP)
        bare = pace("bare requests", lambda: exchange(scene.url, "GET", READY), options.rate, options.seconds / 3)
        before = _newest(scene)
        count = round(options.rate * options.seconds / 2)
        taken = pace("notifications", _sender(scene, notices(count)), options.rate, options.seconds)
        _await_handled(scene, before, count)
        handled_ms = [float(row) * 1000 for row in scene.sql(HANDLED.format(after=before)).split()]
        kept = int(scene.sql(KEPT.format(after=before)))
    budgets = [_against(taken, bare), *_budgets(taken, handled_ms, count, kept)]
    took_ms = [reply.took_s * 1000 for reply in taken.replies]
    rows = [["taken", *_percentiles(took_ms)], ["handled", *_percentiles(handled_ms)]]
    print_table(("milliseconds", "p50", "p95", "p99"), rows)
    print_budgets(budgets)
    figures = {row[0]: dict(zip(("p50", "p95", "p99"), row[1:], strict=True)) for row in rows}
    write_result("notifications", facts, budgets, figures, options.json, configuration=options, usage=scene.usage())
    return 1 if options.strict and missed(budgets) else 0


def notices(count: int) -> list[dict[str, object]]:
    """So many notifications that speak of no payment here, each twice, as a provider in doubt sends them."""
    made = [{"type": "payment_creditable", "event_id": str(uuid4()), "event_version": 1} for _ in range(count)]
    return [one for notice in made for one in (notice, notice)]


def _sender(scene: Stage, bodies: Sequence[dict[str, object]]) -> Send:
    """Sends the next of them at each call, signed as of then."""
    key_set, place = f"http://127.0.0.1:{scene.stack.ports['bank']}/.well-known/jwks", itertools.count()

    def send() -> Reply:
        body = bodies[next(place)]
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        headers = notification_headers(PATH, json.dumps(body).encode(), moment, key_set)
        return exchange(scene.url, "POST", PATH, headers=headers, body=body)

    return send


def _newest(scene: Stage) -> int:
    return int(scene.sql("SELECT coalesce(max(id), 0) FROM fynlo_payment_notification"))


def _await_handled(scene: Stage, after: int, count: int) -> None:
    """Returns when so many were handled, or when there was time enough for it."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and len(scene.sql(HANDLED.format(after=after)).split()) < count:
        time.sleep(0.2)


def _against(taken: Paced, bare: Paced) -> Budget:
    """What taking one costs more than a request that does nothing: holds on a busy machine too."""
    halves = [percentile([reply.took_s for reply in one.replies], 0.5) for one in (taken, bare)]
    return Budget("taken, against a bare request: p50", halves[0] / halves[1], 6, 3, " ×")


def _budgets(taken: Paced, handled_ms: Sequence[float], count: int, kept: int) -> list[Budget]:
    took_ms = [reply.took_s * 1000 for reply in taken.replies]
    return [
        Budget("taken: p99", percentile(took_ms, 0.99), 100, 20, " ms"),
        Budget("handled: p95", percentile(handled_ms, 0.95), 1000, 500, " ms"),
        Budget("not taken", len(taken.failures(200)), 0),
        Budget("lost or doubled", abs(count - kept), 0),
        Budget("never handled", count - len(handled_ms), 0),
    ]


def _percentiles(values: Sequence[float]) -> list[str]:
    return [f"{percentile(values, share):.1f}" for share in SHARES]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.notifications", description=__doc__)
    parser.add_argument("--rate", type=float, default=10, help="notifications a second (10)")
    parser.add_argument("--seconds", type=float, default=30, help="for how long (30)")
    parser.add_argument("--strict", action="store_true", help="fail when a 'must' of the budget is missed")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/notifications.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))

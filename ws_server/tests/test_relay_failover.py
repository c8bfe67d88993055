"""A relay that stands by takes over within seconds, however its predecessor ended; and what a relay tells of itself."""

from __future__ import annotations

import signal
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from ws_server.relay.exposition import render
from ws_server.relay.health import serve_health
from ws_server.relay.status import MOST_LAG_S, RelayStatus

from .outbox_tables import OutboxTables
from .processes import free_port, get_json, start_relay
from .signer import Signer
from .test_end_to_end import ORDERS, Stage, until

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LEADERS_BACKENDS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'fynlo-relay'
"""


@pytest.fixture
def stage(tmp_path: Path, outbox: OutboxTables, jwks_url: str) -> Iterator[Stage]:
    stage = Stage(tmp_path, outbox, jwks_url)
    yield stage
    stage.close()


class Pair:
    """The relay of the stage and one that stands by."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._port = free_port()
        self.standby = start_relay(stage.folder, {**stage.env, "FYNLO_RELAY_HEALTH_PORT": str(self._port)})
        stage.children.append(self.standby)

    def roles(self) -> list[str | None]:
        ports = (self._stage.relay_port, self._port)
        return [(get_json(f"http://127.0.0.1:{port}/health/ready")[1] or {}).get("role") for port in ports]

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics") as answer:
            return str(answer.read().decode())


def kill(stage: Stage) -> None:
    stage.relay.end(signal.SIGKILL)


def cut(stage: Stage) -> None:
    stage.outbox.query(LEADERS_BACKENDS)


def stop(stage: Stage) -> None:
    stage.relay.end(signal.SIGTERM)


@pytest.mark.asyncio
@pytest.mark.parametrize("end", [kill, cut, stop], ids=["killed", "cut off from the database", "ended"])
async def test_events_go_on_in_the_same_epoch(stage: Stage, signer: Signer, end: Callable[[Stage], None]) -> None:
    stage.start(keeps=True)
    pair = Pair(stage)
    await until(lambda: pair.roles() == ["active", "standby"])
    async with stage.following(signer.token(), 2) as tills:
        stage.outbox.emit(ORDERS, 1)
        await until(lambda: all(till.offset == 1 for till in tills))
        end(stage)
        stage.outbox.emit(ORDERS, 2, 3)
        await until(lambda: all(till.values == [1, 2, 3] for till in tills))
        assert all((till.gaps, till.repeats, till.resyncs) == (0, 0, 0) for till in tills)
    if end is not cut:  # after a cut either may be the faster one
        assert pair.roles()[1] == "active"
        assert "fynlo_relay_leads_taken_total 1\n" in pair.metrics()
    assert sorted(role for role in pair.roles() if role).count("active") == 1


@pytest.mark.asyncio
async def test_old_entries_and_rows_go_while_events_pass(stage: Stage, signer: Signer) -> None:
    stage.env["FYNLO_STREAM_MAX_AGE_H"] = "24"
    stage.outbox.emit(ORDERS, *range(1, 6))
    stage.outbox.query("UPDATE fynlo_outbox SET created_at = created_at - interval '2 days' WHERE payload::int < 4")
    stage.outbox.query("UPDATE fynlo_outbox SET created_at = created_at - interval '8 days' WHERE payload::int < 3")
    stage.start(keeps=True)
    kept = "SELECT array_agg(payload::int ORDER BY seq) FROM fynlo_outbox"
    await until(lambda: stage.outbox.query(kept) == [([3, 4, 5],)])
    with redis.Redis.from_url(stage.redis.url) as client:
        await until(lambda: client.xlen(f"t:s:{ORDERS}") == 2)
    async with stage.following(signer.token(), 1) as tills:
        stage.outbox.emit(ORDERS, 6)
        await until(lambda: tills[0].offset == 6)
        assert tills[0].values == [6]


def working() -> RelayStatus:
    return RelayStatus(role="active", has_database=True, has_redis=True, turned_at=NOW)


def test_trouble_is_named() -> None:
    assert working().trouble(NOW) is None
    late = working()
    late.oldest_unsent_at = (NOW - timedelta(seconds=MOST_LAG_S + 1)).replace(tzinfo=None)
    assert late.trouble(NOW) == "an event waits for more than 30 s"
    assert late.trouble(NOW - timedelta(seconds=2)) is None
    deaf, blind, stuck = working(), working(), working()
    deaf.has_redis, blind.has_database = False, False
    assert (deaf.trouble(NOW), blind.trouble(NOW)) == ("Redis does not answer", "the database does not answer")
    assert stuck.trouble(NOW + timedelta(minutes=2)) == "the loop does not turn"
    assert RelayStatus(role="standby", has_database=True, turned_at=NOW).trouble(NOW) is None


def test_figures_are_prometheus_text() -> None:
    status = working()
    status.numbered, status.trimmed, status.new_epochs = 7, 3, 1
    status.note_turn(0.25)
    lines = render(status, NOW).splitlines()
    for line in (
        "fynlo_relay_events_numbered_total 7",
        "fynlo_relay_entries_trimmed_total 3",
        "fynlo_relay_epochs_begun_total 1",
        "fynlo_relay_lag_seconds 0",
        "fynlo_relay_ready 1",
        'fynlo_relay_role{role="active"} 1',
        'fynlo_relay_role{role="standby"} 0',
        "fynlo_relay_turn_seconds_sum 0.250000",
        "fynlo_relay_turn_seconds_count 1",
    ):
        assert line in lines
    named = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    values = [line for line in lines if not line.startswith("#")]
    assert {line.split("{")[0].split()[0].removesuffix("_sum").removesuffix("_count") for line in values} == named


def test_figures_are_served_beside_the_health() -> None:
    server = serve_health(working(), "127.0.0.1", 0)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics") as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            assert b"fynlo_relay_redis_up 1\n" in answer.read()
    finally:
        server.shutdown()
        server.server_close()

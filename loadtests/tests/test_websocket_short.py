"""The WebSocket load test with few clients: that nothing is lost, that its own figures are figures, and who is refused."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.websocket.__main__ import contest
from loadtests.websocket.contest import ratio
from loadtests.websocket.servers import Servers, servers
from loadtests.websocket.trials import fan_out, flood, many_clients, slow_clients, storm


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Servers]:
    with servers(os.environ["REDIS_URL"], tmp_path) as everything:
        yield everything


def test_both_servers_deliver_everything(running: Servers) -> None:
    ours, theirs = contest(running, [20, 50], rounds=2, deliveries=400)
    assert ours.heard.faults == theirs.heard.faults == []
    assert ours.heard.deliveries == theirs.heard.deliveries > 0
    assert list(ours.kb_per_connection) == [20, 50]
    assert all(ratio(ours, theirs, kind) > 0 for kind in ours.us_per_delivery)


def test_every_size_of_fan_out_hears_everything(running: Servers) -> None:
    for size, heard in fan_out(running, [1, 30], events=10):
        assert (heard.faults, heard.deliveries, len(heard.delays_ms)) == ([], size * 10, 10)


def test_hundreds_of_connections(running: Servers) -> None:
    trial = many_clients(running, 300, events=3)
    assert (trial.faults, trial.figures["deliveries"]) == ([], 900)


def test_clients_that_stop_reading_are_cut_and_the_others_hear_everything(running: Servers) -> None:
    trial = slow_clients(running, clients=20, slow=4, events=1000)
    assert (trial.faults, trial.figures["cut"], trial.figures["deliveries"]) == ([], 4, 16 * 1000)


def test_everybody_comes_back_after_a_storm_and_has_missed_nothing(running: Servers) -> None:
    trial = storm(running, clients=120)
    assert trial.faults == []
    assert trial.figures["replayed"] == 120 * 10


def test_a_flood_from_one_address_does_not_touch_the_others(running: Servers) -> None:
    trial = flood(running, attackers=500, tills=5)
    assert trial.faults == []
    assert trial.figures["429"] + trial.figures["hung up"] >= 300

"""Rings, join points and the rules of recovery."""

from __future__ import annotations

import pytest

from ws_server.gateway.client_messages import Position
from ws_server.gateway.topic import (
    REPLAY_BYTES,
    RING_FRAMES,
    CatchUp,
    Entry,
    Recovery,
    Topic,
    how_to_recover,
    replayable,
)


def entries(first: int, last: int) -> list[Entry]:
    return [(offset, b"f%d" % offset) for offset in range(first, last + 1)]


def topic_at(position: int, recent: list[Entry]) -> Topic[str]:
    return Topic("t", position, recent, 0.0)


def test_advance_needs_the_next_offset() -> None:
    topic = topic_at(10, [])
    assert topic.advance(entries(11, 13), 1.0)
    assert topic.position == 13
    assert not topic.advance(entries(15, 16), 2.0)
    assert not topic.advance([(14, b""), (16, b"")], 2.0)
    assert (topic.position, topic.spoke_at) == (13, 1.0)


def test_ring_keeps_the_latest_only() -> None:
    topic = topic_at(0, [])
    topic.advance(entries(1, RING_FRAMES + 5), 0.0)
    assert topic.remembered_after(4) is None
    frames = topic.remembered_after(5)
    assert frames is not None and len(frames) == RING_FRAMES and frames[0] == b"f6"


def test_opened_ring_starts_at_its_last_gap() -> None:
    topic = topic_at(7, [(3, b"f3"), (5, b"f5"), (6, b"f6"), (7, b"f7")])
    assert topic.remembered_after(4) == (b"f5", b"f6", b"f7")
    assert topic.remembered_after(3) is None
    assert topic_at(9, entries(5, 7)).remembered_after(6) is None


@pytest.mark.parametrize(
    ("since", "outcome"),
    [
        (None, Recovery(True)),
        (Position("e", 20), Recovery(True)),
        (Position("e", 18), Recovery(True, (b"f19", b"f20"))),
        (Position("e", 10), Recovery(True, fetch_after=10)),
        (Position("e", 21), Recovery(False)),
        (Position("other", 20), Recovery(False)),
        (Position("e", 0), Recovery(True, fetch_after=0)),
    ],
)
def test_how_to_recover(since: Position | None, outcome: Recovery) -> None:
    assert how_to_recover(topic_at(20, entries(15, 20)), since, "e") == outcome


def test_replay_is_capped() -> None:
    topic = topic_at(2000, entries(1990, 2000))
    assert how_to_recover(topic, Position("e", 999), "e") == Recovery(False)
    assert how_to_recover(topic, Position("e", 1000), "e").fetch_after == 1000
    big = [(offset, b"x" * (REPLAY_BYTES // 2)) for offset in (1, 2, 3)]
    assert replayable(big[:2], 0, 2).recovered
    assert not replayable(big, 0, 3).recovered


def test_only_a_complete_fetch_is_a_recovery() -> None:
    assert replayable(entries(5, 8), 4, 8) == Recovery(True, (b"f5", b"f6", b"f7", b"f8"))
    assert replayable(entries(6, 8), 4, 8) == Recovery(False)
    assert replayable(entries(5, 7), 4, 8) == Recovery(False)
    assert replayable([(5, b""), (7, b""), (8, b""), (9, b"")], 4, 8) == Recovery(False)
    assert replayable([], 4, 8) == Recovery(False)


def test_restart_forgets() -> None:
    topic = topic_at(20, entries(15, 20))
    topic.restart(3, 5.0)
    assert topic.position == 3
    assert topic.remembered_after(2) is None


def test_held_frames_are_bounded_and_dropped_at_a_restart() -> None:
    catch_up = CatchUp(5)
    assert catch_up.hold(b"x" * REPLAY_BYTES)
    assert not catch_up.hold(b"x")
    catch_up.restart(9)
    assert (catch_up.join, catch_up.take(), catch_up.broken) == (9, [], True)

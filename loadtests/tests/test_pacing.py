"""Requests are timed from when they were due, and one that fails is neither lost nor stops the others."""

import threading
import time

from loadtests.exchange import Reply
from loadtests.pacing import pace


def reply(status: int = 200) -> Reply:
    return Reply(status, {}, b"{}", time.time(), 0.0)


def test_a_slow_server_cannot_hide_behind_itself() -> None:
    """One at a time, a tenth of a second each: the last of ten was due at once and waited for all before it."""
    alone = threading.Lock()

    def slow() -> Reply:
        with alone:
            time.sleep(0.1)
        return reply()

    paced = pace("slow", slow, rate_per_s=1000, seconds=0.01)
    assert paced.wanted == len(paced.replies) == 10
    assert max(paced.waited_s) >= 0.9
    assert paced.drained_s >= 0.9
    assert paced.per_minute <= 10 / 0.9 * 60


def test_it_does_not_run_ahead_of_the_rate() -> None:
    paced = pace("quick", reply, rate_per_s=50, seconds=0.4)
    assert paced.wanted == 20
    assert paced.seconds >= 0.38


def test_what_goes_wrong_is_told() -> None:
    turns = iter(range(6))

    def shaky() -> Reply:
        turn = next(turns)
        if turn == 2:
            raise ConnectionResetError("cut")
        return reply(503 if turn == 4 else 200)

    paced = pace("shaky", shaky, rate_per_s=1000, seconds=0.006, threads=1)
    assert [failure.partition(":")[0] for failure in paced.failures(200)] == ["no answer", "shaky"]
    assert len(paced.replies) == 5
    assert paced.figures()["lost"] == 1

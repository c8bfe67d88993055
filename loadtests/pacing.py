"""Requests at a steady rate whether or not the server keeps up, each timed from the moment at which it was due."""

import http.client
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from loadtests.exchange import Reply
from loadtests.figures import percentile

#: So many requests may be under way at once; those beyond wait here, and their time runs.
THREADS = 96

Send = Callable[[], Reply]


@dataclass
class Paced:
    """What came of it. ``waited_s`` runs from when a request was due: a slow server cannot hide behind itself."""

    name: str
    wanted: int
    seconds: float = 0.0
    replies: list[Reply] = field(default_factory=list)
    waited_s: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    #: From the moment at which the last request was due to the last answer.
    drained_s: float = 0.0

    @property
    def per_minute(self) -> float:
        """Answers a minute."""
        return len(self.replies) / self.seconds * 60

    def failures(self, *expected: int) -> list[str]:
        """Requests without an answer, and answers of another status; a sentence each."""
        wrong = [reply for reply in self.replies if reply.status not in expected]
        return self.lost + [f"{self.name}: {one.status} {one.raw[:200].decode(errors='replace')}" for one in wrong]

    def milliseconds(self, share: float) -> float:
        return percentile(self.waited_s, share) * 1000 if self.waited_s else 0.0

    def figures(self) -> dict[str, float]:
        """What the JSON output keeps."""
        shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "max_ms": 1.0}
        times = {name: round(self.milliseconds(share), 1) for name, share in shares.items()}
        return {"requests": self.wanted, "per_minute": round(self.per_minute), **times, "lost": len(self.lost)}


def pace(name: str, send: Send, rate_per_s: float, seconds: float, threads: int = THREADS) -> Paced:
    """Sends at the rate for so long and waits for every answer."""
    paced = Paced(name, max(1, round(rate_per_s * seconds)))
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        under_way = []
        for number in range(paced.wanted):
            due = began + number / rate_per_s
            time.sleep(max(0.0, due - time.perf_counter()))
            under_way.append(pool.submit(_send, send, due))
        for one in under_way:
            _note(paced, one)
    over = time.perf_counter()
    paced.drained_s = max(0.0, over - began - (paced.wanted - 1) / rate_per_s)
    paced.seconds = max(over - began, paced.wanted / rate_per_s)
    return paced


def _send(send: Send, due: float) -> tuple[Reply | str, float]:
    try:
        answer: Reply | str = send()
    except (OSError, http.client.HTTPException) as error:
        answer = f"no answer: {error!r}"
    return answer, time.perf_counter() - due


def _note(paced: Paced, done: "Future[tuple[Reply | str, float]]") -> None:
    answer, waited = done.result()
    if isinstance(answer, str):
        paced.lost.append(answer)
    else:
        paced.replies.append(answer)
        paced.waited_s.append(waited)

"""A bounded pool of connections that callers wait for, and the clients that share it."""

import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg2

from loadtests.figures import percentile

#: What a client does with a connection; it ends its transaction itself or leaves it to the pool.
Work = Callable[[Any, random.Random], object]

WAIT_S = 60.0
PSYCOPG_ERRORS = (psycopg2.Error, queue.Empty)
#: How connections of this harness are named in pg_stat_activity.
NAME = "fynlo-load"


class Pool:
    """So many connections and no more. Whoever finds none waits in line, and the first in line is served first."""

    def __init__(self, dsn: str, size: int) -> None:
        self.size = size
        self._idle = [psycopg2.connect(dsn, application_name=NAME) for _ in range(size)]
        self._line: deque[queue.SimpleQueue[Any]] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """A connection without a transaction, before and after; ``queue.Empty`` when none is free for a minute."""
        connection = self._take()
        try:
            yield connection
        finally:
            if not connection.closed:
                connection.rollback()
            self._give(connection)

    def close(self) -> None:
        """Closes all; every client must have given its connection back."""
        for _ in range(self.size):
            self._take().close()

    def _take(self) -> Any:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            place: queue.SimpleQueue[Any] = queue.SimpleQueue()
            self._line.append(place)
        try:
            return place.get(timeout=WAIT_S)
        except queue.Empty:
            with self._lock:
                if place in self._line:
                    self._line.remove(place)
                    raise
            return place.get()  # it came in the very last moment

    def _give(self, connection: Any) -> None:
        with self._lock:
            if self._line:
                self._line.popleft().put(connection)
            else:
                self._idle.append(connection)


@dataclass
class Load:
    """What so many clients got out of so many connections; times include the wait for a connection."""

    name: str
    clients: int
    connections: int
    seconds: float = 0.0
    took_s: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Pieces of work a second."""
        return len(self.took_s) / self.seconds

    def milliseconds(self, share: float) -> float:
        return percentile(self.took_s, share) * 1000 if self.took_s else 0.0

    def row(self) -> list[str]:
        shares = (0.5, 0.95, 0.99)
        times = [f"{self.milliseconds(share):.1f}" for share in shares]
        return [self.name, str(self.clients), str(self.connections), f"{self.rate:.0f}", *times, str(len(self.errors))]

    def figures(self) -> dict[str, float]:
        """What the JSON output keeps."""
        times = {f"p{share * 100:.0f}_ms": round(self.milliseconds(share), 2) for share in (0.5, 0.95, 0.99)}
        numbers = {"clients": self.clients, "connections": self.connections}
        return {**numbers, "per_s": round(self.rate, 1), **times, "errors": len(self.errors)}


def run_clients(name: str, pool: Pool, clients: int, seconds: float, works: Mapping[str, Work]) -> Load:
    """Clients that draw one of the works again and again for so long, each in a thread of its own."""
    load, over = Load(name, clients, pool.size), threading.Event()
    threads = [
        threading.Thread(target=_work, args=(load, pool, over, list(works.values()), random.Random(number)))
        for number in range(clients)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    over.wait(seconds)
    over.set()
    for thread in threads:
        thread.join()
    load.seconds = time.perf_counter() - began
    return load


def _work(load: Load, pool: Pool, over: threading.Event, works: list[Work], dice: random.Random) -> None:
    while not over.is_set():
        began = time.perf_counter()
        try:
            with pool.connection() as connection:
                dice.choice(works)(connection, dice)
        except PSYCOPG_ERRORS as error:
            load.errors.append(f"{type(error).__name__}: {error}".strip())
        else:
            load.took_s.append(time.perf_counter() - began)

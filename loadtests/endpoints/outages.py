"""Tills go on selling while Redis or PostgreSQL is stopped, hangs and comes back."""

import http.client
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from loadtests.exchange import Reply, Unexpected, expect
from loadtests.figures import percentile
from loadtests.load_till import LoadTill, order_of
from scripts.till.identifiers import uuid7

PAUSE_S = 0.1
PATIENCE_S = 120.0


class Servers(Protocol):
    """The hands to break a running restaurant with."""

    def stop(self, name: str) -> None: ...

    def start(self, name: str) -> None: ...

    def kill(self, name: str, number: int = ...) -> None: ...

    def sql(self, query: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer, or ``None`` where none came."""

    at: float
    took_s: float
    reply: Reply | None


@dataclass
class Seller:
    """A till that sells without a pause and repeats under the same key whatever was not done."""

    till: LoadTill
    dishes: Sequence[Mapping[str, Any]]
    heard: list[Heard] = field(default_factory=list)
    sold: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def work(self, over: threading.Event) -> None:
        """Until it is over; a sale that has begun is brought to its end."""
        while not over.wait(PAUSE_S):
            order = self._insist("/orders", order_of([(dish, 1) for dish in self.dishes[:2]]))
            if order:
                self._pay(order)

    def _pay(self, order: Mapping[str, Any]) -> None:
        due = order["totals"]["due"]
        wish = {"id": uuid7(), "method": "cash", "amount": due, "tendered": due, "complete": True}
        if self._insist(f"/orders/{order['id']}/payments", wish):
            self.sold.append(str(order["id"]))

    def _insist(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body of the answer that says it is done; empty when it was refused for good, which is a fault."""
        key, deadline = uuid7(), time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            reply = self._send(path, body, key)
            if reply is not None and reply.status in {200, 201}:
                return dict(reply.body)
            if reply is not None and reply.status != 503:
                self.faults.append(f"{path}: {reply.status} {reply.raw[:200].decode(errors='replace')}")
                return {}
            time.sleep(PAUSE_S)
        self.faults.append(f"{path}: not done after {PATIENCE_S:.0f} s")
        return {}

    def _send(self, path: str, body: Mapping[str, Any], key: str) -> Reply | None:
        began, reply = time.monotonic(), None
        # where the connection is cut it is not known whether it was done, so it is sent again
        with suppress(OSError, http.client.HTTPException):
            reply = self.till.write(path, body, key)
        self.heard.append(Heard(began, time.monotonic() - began, reply))
        return reply


@dataclass
class Outage:
    """One server away from ``began`` to ``ended``, what tills heard meanwhile, and when they sold again."""

    name: str
    began: float
    ended: float
    recovered_s: float
    sales: int
    meanwhile: list[Heard]
    faults: list[str] = field(default_factory=list)

    def slowest_s(self) -> float:
        return max((one.took_s for one in self.meanwhile), default=0.0)

    def p95_s(self) -> float:
        return percentile([one.took_s for one in self.meanwhile], 0.95) if self.meanwhile else 0.0

    def statuses(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for one in self.meanwhile:
            status = str(one.reply.status) if one.reply else "no answer"
            found[status] = found.get(status, 0) + 1
        return found

    def figures(self) -> dict[str, Any]:
        """What the JSON output keeps."""
        return {
            "away_s": round(self.ended - self.began, 1),
            "requests": len(self.meanwhile),
            "p95_ms": round(self.p95_s() * 1000, 1),
            "max_ms": round(self.slowest_s() * 1000, 1),
            "recovered_s": round(self.recovered_s, 2),
            "sales": self.sales,
            "answers": str(self.statuses()),
        }


def redis_stops(servers: Servers, tills: Sequence[LoadTill], dishes: Sequence[Any], seconds: float) -> Outage:
    """Redis is stopped and started again: every sale goes on."""
    breaks = (lambda: servers.stop("redis"), lambda: servers.start("redis"))
    outage = _while_selling("Redis stopped", tills, dishes, seconds, *breaks)
    outage.faults += _refusals(outage)
    return outage


def redis_hangs(servers: Servers, tills: Sequence[LoadTill], dishes: Sequence[Any], seconds: float) -> Outage:
    """Redis takes connections and never answers, which is worse than being away: every sale goes on."""
    breaks = (lambda: servers.kill("redis", signal.SIGSTOP), lambda: servers.kill("redis", signal.SIGCONT))
    outage = _while_selling("Redis hangs", tills, dishes, seconds, *breaks)
    outage.faults += _refusals(outage)
    return outage


def postgres_stops(servers: Servers, tills: Sequence[LoadTill], dishes: Sequence[Any], seconds: float) -> Outage:
    """PostgreSQL is stopped and started again: tills are told when to come again, and no sale is lost or doubled."""
    servers.sql("CHECKPOINT")  # otherwise stopping takes as long as writing down all that was loaded before
    breaks = (lambda: servers.stop("postgres"), lambda: servers.start("postgres"))
    outage = _while_selling("PostgreSQL stopped", tills, dishes, seconds, *breaks)
    outage.faults += [fault for one in outage.meanwhile if one.reply for fault in _faults_of_refusal(one.reply)]
    return outage


def _while_selling(
    name: str,
    tills: Sequence[LoadTill],
    dishes: Sequence[Any],
    seconds: float,
    break_it: Callable[[], None],
    mend_it: Callable[[], None],
) -> Outage:
    with _selling([Seller(till, dishes) for till in tills]) as sellers:
        _await_sale(sellers, time.monotonic())
        began = time.monotonic()
        try:
            break_it()
            time.sleep(seconds)
        finally:
            ended = time.monotonic()
            mend_it()
        recovered = _await_sale(sellers, mended := time.monotonic()) - mended
    sold = [order for seller in sellers for order in seller.sold]
    meanwhile = [one for seller in sellers for one in seller.heard if began <= one.at < ended]
    faults = [fault for seller in sellers for fault in seller.faults]
    return Outage(name, began, ended, recovered, len(sold), meanwhile, faults + _missing(tills[0], sold))


@contextmanager
def _selling(sellers: list[Seller]) -> Iterator[list[Seller]]:
    over = threading.Event()
    threads = [threading.Thread(target=seller.work, args=(over,)) for seller in sellers]
    for thread in threads:
        thread.start()
    try:
        yield sellers
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _await_sale(sellers: Sequence[Seller], since: float) -> float:
    """When every till had a good answer to something that it asked after that moment."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        moments = [
            next((one.at + one.took_s for one in seller.heard[-50:] if one.at >= since and _good(one)), None)
            for seller in sellers
        ]
        if all(moment is not None for moment in moments):
            return max(moment for moment in moments if moment is not None)
        if time.monotonic() > deadline:
            raise Unexpected(f"tills do not sell {PATIENCE_S:.0f} s after all servers were there")
        time.sleep(0.02)


def _good(one: Heard) -> bool:
    return one.reply is not None and one.reply.status in {200, 201}


def _refusals(outage: Outage) -> list[str]:
    """While Redis alone is away nothing is refused and nothing goes unanswered."""
    return [f"{outage.name}: {outage.statuses()}"] if not all(map(_good, outage.meanwhile)) else []


def _faults_of_refusal(reply: Reply) -> list[str]:
    """A refusal is a problem document of status 503 that says when to come again."""
    if reply.status in {200, 201}:
        return []
    told = reply.headers.get("Retry-After", "").isdigit()
    document = reply.headers.get("Content-Type", "").startswith("application/problem+json")
    return [] if reply.status == 503 and told and document else [f"{reply.status} {reply.raw[:200]!r}"]


def _missing(till: LoadTill, sold: Sequence[str]) -> list[str]:
    """Sales that the tills were told of and that are not there as they were told."""
    faults = []
    for order in sold:
        body = expect(till.read(f"/orders/{order}"), 200).body
        if body["state"] != "completed" or body["totals"]["due"]["amount"]:
            faults.append(f"order {order} was paid and is {body['state']}, due {body['totals']['due']['amount']}")
    return faults

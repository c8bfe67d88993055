"""A process full of clients, told what to do by lines of JSON: ``python -m loadtests.websocket.crowd``."""

import json
import os
import random
import resource
import select
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from loadtests.websocket.client import Arrivals, Client, Stage
from loadtests.websocket.tokens import Issuer

COMMANDS = sys.stdin.fileno()
HANDSHAKING = frozenset({Stage.CONNECTING, Stage.UPGRADING, Stage.JOINING})


class Crowd:
    """Groups of clients by name. Every command is answered when it is done or its time is over."""

    def __init__(self, port: int, pem: str, first: int) -> None:
        self._address = ("127.0.0.1", port)
        self._issuer = Issuer(pem)
        self._number = first
        self._poll = select.epoll()
        self._clients: dict[int, Client] = {}
        self._groups: dict[str, list[Client]] = {}
        self._due: list[tuple[float, Client, str]] = []

    def serve(self) -> None:
        """Follow commands until there are no more."""
        self._poll.register(COMMANDS, select.EPOLLIN)
        pending = b""
        while True:
            if COMMANDS not in self._turn(1.0):
                continue
            told = os.read(COMMANDS, 65_536)
            if not told:
                return
            *lines, pending = (pending + told).split(b"\n")
            for line in lines:
                command = json.loads(line)
                answer = getattr(self, f"do_{command.pop('do')}")(**command)
                print(json.dumps(answer), flush=True)

    # Commands

    def do_connect(
        self, group: str, topic: str, count: int, at_once: int, timeout_s: float, source: str = "", retry: bool = False
    ) -> dict[str, Any]:
        """Open clients of a topic, at most ``at_once`` of them in their handshake; with ``retry`` until all are in."""
        clients = [self._new(topic, group) for _ in range(count)]
        return self._bring_in(clients, at_once, timeout_s, source, retry)

    def do_reconnect(self, group: str, at_once: int, timeout_s: float) -> dict[str, Any]:
        """Bring those that are out back in, from where each stood."""
        clients = [client for client in self._groups[group] if client.stage in {Stage.GONE, Stage.REFUSED}]
        return self._bring_in(clients, at_once, timeout_s, "", True)

    def do_drop(self, group: str) -> dict[str, Any]:
        """Hang up all of them at once."""
        for client in self._groups[group]:
            if client.stage is Stage.LIVE:
                self._clients.pop(client.sock.fileno(), None)
                client.hang_up()
        return {}

    def do_stop_reading(self, group: str, count: int) -> dict[str, Any]:
        """Let the first ``count`` read no more."""
        for client in self._groups[group][:count]:
            client.reading = False
            self._poll.unregister(client.sock.fileno())
        return {}

    def do_hear(self, group: str, upto: int, timeout_s: float) -> dict[str, Any]:
        """Wait until every reading client has the events up to ``upto``; tell what came since the last time."""
        readers = [client for client in self._groups[group] if client.reading and client.stage is Stage.LIVE]
        self._pump(lambda: all(client.offset >= upto for client in readers), timeout_s)
        arrivals = self._groups[group][0].arrivals
        told = {
            "readers": len(readers),
            "behind": sum(client.offset < upto for client in readers),
            "counts": dict(arrivals.counts),
            "last_at": arrivals.last_at,
            "doubled": arrivals.doubled,
            "missed": arrivals.missed,
            "unrecovered": arrivals.unrecovered,
            "closed": dict(arrivals.closed),
        }
        arrivals.counts, arrivals.last_at = Counter(), {}
        arrivals.remembered.clear()
        return told

    # Work

    def _new(self, topic: str, group: str) -> Client:
        members = self._groups.setdefault(group, [])
        arrivals = members[0].arrivals if members else Arrivals()
        client = Client(topic, self._issuer.token(self._number, topic), arrivals)
        self._number += 1
        members.append(client)
        return client

    def _bring_in(
        self, clients: list[Client], at_once: int, timeout_s: float, source: str, retry: bool
    ) -> dict[str, Any]:
        waiting, began = list(reversed(clients)), time.monotonic()
        refused: Counter[str] = Counter()
        under_way: set[Client] = set()

        def go_on() -> bool:
            for client in [client for client in under_way if client.stage not in HANDSHAKING]:
                under_way.discard(client)
                if client.stage is not Stage.LIVE:
                    refused[str(client.status or "hung up")] += 1
                    if retry:
                        later = time.monotonic() + client.retry_after_s + random.random()
                        self._due.append((later, client, source))
            for entry in [entry for entry in self._due if entry[0] <= time.monotonic()]:
                self._due.remove(entry)
                waiting.append(entry[1])
            while waiting and len(under_way) < at_once:
                client = waiting.pop()
                under_way.add(client)
                self._start(client, source)
            return not (waiting or under_way or self._due)

        self._pump(go_on, timeout_s)
        live = sum(client.stage is Stage.LIVE for client in clients)
        return {"live": live, "refused": dict(refused), "took_s": time.monotonic() - began}

    def _start(self, client: Client, source: str) -> None:
        client.connect(self._address, source)
        self._clients[client.sock.fileno()] = client
        self._poll.register(client.sock.fileno(), select.EPOLLOUT)

    def _pump(self, done: Callable[[], bool], timeout_s: float) -> None:
        give_up_at = time.monotonic() + timeout_s
        while not done() and time.monotonic() < give_up_at:
            self._turn(0.02)

    def _turn(self, timeout_s: float) -> set[int]:
        """One round of the sockets; returns those that are no client's."""
        others = set()
        for number, events in self._poll.poll(timeout_s):
            client = self._clients.get(number)
            if client is None:
                others.add(number)
            elif client.stage is Stage.CONNECTING:
                self._poll.modify(number, select.EPOLLIN)
                client.writable()
            elif events:
                client.readable()
            if client is not None and client.stage in {Stage.GONE, Stage.REFUSED}:
                del self._clients[number]  # a closed socket has left the poll by itself
        return others


def main() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    settings = json.loads(sys.argv[1])
    Crowd(settings["port"], os.environ["CROWD_KEY"], settings["first"]).serve()


if __name__ == "__main__":
    main()

"""What a gateway must bear: many topics, many clients, clients that do not read, storms, one address that floods."""

import time
from dataclasses import dataclass, field

from loadtests.websocket.hearing import Group, Hearing
from loadtests.websocket.servers import Servers

TOPIC = "l.load.{}"
#: Another address of the loopback network: who floods from there must not touch who is here.
FLOODER = "127.0.0.9"
SLOW_EVENT_BYTES = 8 * 1024
STORM_CONNECTS_PER_S = 300


@dataclass
class Trial:
    """What came of one trial, for the table, and what went wrong."""

    name: str
    figures: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def check(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.faults.append(otherwise)


def fan_out(servers: Servers, sizes: list[int], *, events: int) -> list[tuple[int, Hearing]]:
    """One event at a time to topics of ever more clients, all of one gateway."""
    heard: list[tuple[int, Hearing]] = []
    with servers.gateway() as gateway, servers.crowd(gateway) as clients:
        for size in sizes:
            group = Group(clients, servers.relay, f"fan{size}", TOPIC.format(f"fan{size}"))
            _require_all(group.connect(size), size)
            hearing = Hearing()
            group.hear(3, Hearing())
            group.hear(events, hearing)
            heard.append((size, hearing))
    return heard


def many_clients(servers: Servers, count: int, *, events: int) -> Trial:
    """All connections that one process is made for, each event to every one of them."""
    trial = Trial(f"{count} connections")
    with servers.gateway() as gateway, servers.crowd(gateway) as clients:
        empty_kb, before = gateway.pss_kb, gateway.cpu_s
        group = Group(clients, servers.relay, "many", TOPIC.format("many"))
        told = group.connect(count)
        trial.figures = {
            "live": told["live"],
            "connected in s": round(told["took_s"], 1),
            "connect CPU ms": round((gateway.cpu_s - before) * 1000 / count, 3),
            "kB each": round((gateway.pss_kb - empty_kb) / count, 1),
        }
        trial.check(told["live"] == count, f"{count - told['live']} did not come in: {told['refused']}")
        heard = Hearing()
        group.hear(events, heard)
        trial.figures |= {"deliveries": heard.deliveries, "last client p50 ms": round(heard.delay_ms(0.5), 1)}
        trial.faults += heard.faults
    return trial


def slow_clients(servers: Servers, *, clients: int, slow: int, events: int) -> Trial:
    """Some stop reading for good; the others must not notice, and memory must not grow."""
    trial = Trial(f"{slow} of {clients} stop reading")
    with servers.gateway() as gateway, servers.crowd(gateway) as people:
        group = Group(people, servers.relay, "slow", TOPIC.format("slow"))
        _require_all(group.connect(clients), clients)
        group.hear(5, Hearing(), size=SLOW_EVENT_BYTES)
        before_kb = gateway.pss_kb
        people.ask("stop_reading", group="slow", count=slow)
        heard = Hearing()
        highest_kb = before_kb
        for _ in range(events // 20):
            group.hear(4, heard, burst=5, size=SLOW_EVENT_BYTES)
            highest_kb = max(highest_kb, gateway.pss_kb)
        cut = gateway.figure('fynlo_ws_closes_total{code="4408"}')
        trial.figures = {
            "deliveries": heard.deliveries,
            "cut": cut,
            "grew by MB": round((highest_kb - before_kb) / 1024, 1),
            "healthy p99 ms": round(heard.delay_ms(0.99), 1),
        }
        trial.faults += heard.faults
        trial.check(cut == slow, f"{cut:g} of {slow} were cut")
    return trial


def storm(servers: Servers, *, clients: int) -> Trial:
    """All hang up at once and come back at once; admission lets them in one after another and nothing is lost."""
    trial = Trial(f"{clients} come back at once")
    limits = {"FYNLO_WS_CONNECTS_PER_S": str(STORM_CONNECTS_PER_S), "FYNLO_WS_CONNECT_BURST": str(clients // 4)}
    with servers.gateway(**limits) as gateway, servers.crowd(gateway) as people:
        group = Group(people, servers.relay, "storm", TOPIC.format("storm"))
        _require_all(group.connect(clients, at_once=50, retry=True), clients)
        heard = Hearing()
        group.hear(5, heard)
        people.ask("drop", group="storm")
        missed_upto = servers.relay.publish(group.topic, 10)
        before = gateway.cpu_s
        told = people.ask("reconnect", group="storm", at_once=clients, timeout_s=120)
        group.note(range(missed_upto - 9, missed_upto + 1), heard)
        trial.figures = {
            "back in s": round(told["took_s"], 1),
            "asked to wait": told["refused"].get("503", 0),
            "CPU ms each": round((gateway.cpu_s - before) * 1000 / clients, 2),
            "replayed": gateway.figure("fynlo_ws_replayed_total"),
        }
        trial.check(told["live"] == clients, f"{clients - told['live']} did not come back")
        trial.check(told["refused"].get("503", 0) > 0, "nobody was asked to wait: this was no storm")
        trial.faults += heard.faults
    return trial


def flood(servers: Servers, *, attackers: int, tills: int) -> Trial:
    """One address opens connections as fast as it can, under the usual limits; tills of another one go on."""
    trial = Trial(f"{attackers} connects from one address")
    usual = {
        "FYNLO_WS_MAX_OPEN_PER_IP": "300",
        "FYNLO_WS_CONNECTS_PER_IP_PER_S": "20",
        "FYNLO_WS_CONNECT_BURST_PER_IP": "40",
        "FYNLO_WS_MAX_WAITING_PER_IP": "100",
    }
    with (
        servers.gateway(**usual) as gateway,
        servers.crowd(gateway) as people,
        servers.crowd(gateway, first=1_000_000) as mob,
    ):
        group = Group(people, servers.relay, "tills", TOPIC.format("tills"))
        _require_all(group.connect(tills, retry=True), tills)
        mob.tell(
            "connect",
            group="mob",
            topic=TOPIC.format("mob"),
            count=attackers,
            at_once=500,
            timeout_s=60,
            source=FLOODER,
        )
        heard, began = Hearing(), time.monotonic()
        while gateway.figure("fynlo_ws_handshakes") == 0 and time.monotonic() - began < 5:
            time.sleep(0.02)
        group.hear(20, heard)
        told = mob.answer()
        refused = told["refused"]
        trial.figures = {
            "let in": told["live"],
            "429": refused.get("429", 0),
            "hung up": refused.get("hung up", 0),
            "tills' p50 ms": round(heard.delay_ms(0.5), 1),
            "CPU s": round(gateway.cpu_s, 1),
        }
        trial.faults += heard.faults
        trial.check(told["live"] <= 40 + 20 * (told["took_s"] + 1), f"{told['live']} were let in")
        trial.check(sum(refused.values()) + told["live"] == attackers, f"not all were answered: {refused}")
    return trial


def _require_all(told: dict[str, float], count: int) -> None:
    if told["live"] != count:
        raise RuntimeError(f"{told['live']} of {count} clients came in: {told}")

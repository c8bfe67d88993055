"""The gateway and the plain broadcast server in turns: CPU per delivery, memory and CPU per connection."""

from dataclasses import dataclass, field

from loadtests.figures import median
from loadtests.websocket.hearing import Group, Hearing
from loadtests.websocket.servers import Program

WARM_UP_EVENTS = 5


@dataclass
class Side:
    """One server with its clients, and what was measured of it."""

    name: str
    program: Program
    group: Group
    empty_pss_kb: int
    heard: Hearing = field(default_factory=Hearing)
    clients: int = 0
    connect_ms: float = 0.0
    kb_per_connection: dict[int, float] = field(default_factory=dict)
    us_per_delivery: dict[str, list[float]] = field(default_factory=dict)

    def grow(self, clients: int) -> None:
        """Bring in more, up to this many; what each costs in CPU is the mean over those that came."""
        before, newcomers = self.program.cpu_s, clients - self.clients
        told = self.group.connect(newcomers)
        if told["live"] != newcomers:
            raise RuntimeError(f"{self.name}: {told['live']} of {newcomers} clients came in: {told['refused']}")
        self.connect_ms = (self.program.cpu_s - before) * 1000 / newcomers
        self.clients = clients
        self.kb_per_connection[clients] = (self.program.pss_kb - self.empty_pss_kb) / clients

    def deliver(self, kind: str, bursts: int, burst: int) -> None:
        """Measure one turn."""
        before, deliveries = self.program.cpu_s, self.heard.deliveries
        self.group.hear(bursts, self.heard, burst=burst)
        spent_us = (self.program.cpu_s - before) * 1e6
        self.us_per_delivery.setdefault(kind, []).append(spent_us / (self.heard.deliveries - deliveries))

    def cost_us(self, kind: str) -> float:
        """The median turn."""
        return median(self.us_per_delivery[kind])


def take_turns(sides: list[Side], kind: str, *, rounds: int, bursts: int, burst: int = 1) -> None:
    """Alternate, so that whatever else the machine does hits both alike."""
    for side in sides:
        side.group.hear(WARM_UP_EVENTS, Hearing())
    for number in range(rounds):
        for side in sides if number % 2 else sides[::-1]:
            side.deliver(kind, bursts, burst)


def ratio(ours: Side, theirs: Side, kind: str) -> float:
    """What a delivery costs us, for each unit that it costs them: the median of the rounds' ratios."""
    rounds = zip(ours.us_per_delivery[kind], theirs.us_per_delivery[kind], strict=True)
    return median([mine / other for mine, other in rounds])

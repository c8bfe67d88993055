"""What a group of clients heard of what was published: how late the last of them was, and what went wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from loadtests.figures import percentile
from loadtests.websocket.servers import CrowdProcess, RelayPart

HEAR_WITHIN_S = 60


@dataclass
class Hearing:
    """Adds up over a run; ``delays_ms`` are from just before the XADD to the last client."""

    deliveries: int = 0
    lost: int = 0
    doubled: int = 0
    closed: int = 0
    unrecovered: int = 0
    delays_ms: list[float] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """What must not happen, in words."""
        wrong = {"lost": self.lost, "heard twice": self.doubled, "closed": self.closed, "resynced": self.unrecovered}
        return [f"{count} {what}" for what, count in wrong.items() if count]

    def delay_ms(self, share: float) -> float:
        return percentile(self.delays_ms, share)


@dataclass(frozen=True)
class Group:
    """A group of a crowd and the topic that it follows."""

    crowd: CrowdProcess
    relay: RelayPart
    name: str
    topic: str

    def connect(self, count: int, at_once: int = 100, timeout_s: float = 120, **how: Any) -> dict[str, Any]:
        """Bring in ``count`` clients; tells how many are live, and who was refused with what."""
        answer: dict[str, Any] = self.crowd.ask(
            "connect", group=self.name, topic=self.topic, count=count, at_once=at_once, timeout_s=timeout_s, **how
        )
        return answer

    def hear(self, bursts: int, heard: Hearing, *, burst: int = 1, size: int = 200) -> None:
        """Publish bursts of events one after another, each when the one before was heard by all."""
        for _ in range(bursts):
            upto = self.relay.publish(self.topic, burst, size)
            self.note(range(upto - burst + 1, upto + 1), heard)

    def note(self, offsets: Sequence[int], heard: Hearing) -> None:
        """Wait for these events and add what became of them."""
        told = self.crowd.ask("hear", group=self.name, upto=offsets[-1], timeout_s=HEAR_WITHIN_S)
        counts = {int(offset): count for offset, count in told["counts"].items()}
        heard.deliveries += sum(counts.values())
        heard.lost += sum(max(0, told["readers"] - counts.get(offset, 0)) for offset in offsets)
        heard.doubled = told["doubled"]
        heard.closed = sum(told["closed"].values())
        heard.unrecovered = told["unrecovered"]
        last_at = {int(offset): at for offset, at in told["last_at"].items()}
        heard.delays_ms += [
            (last_at[offset] - self.relay.written_at[self.topic, offset]) * 1000
            for offset in offsets
            if offset in last_at
        ]

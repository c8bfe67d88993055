"""A till that asks for twice what it may: it is refused politely, and nobody else notices."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from loadtests.exchange import Reply
from loadtests.load_till import LoadTill
from loadtests.pacing import Paced, pace

#: Requests a second of a device, and how many at once, while limits are tested: any machine can ask for twice that.
RATE, BURST = 2, 10
LIMITS = f"default={RATE}/{BURST},money=1000/1000,auth=1000/1000,address=100000/100000"
PATH = "/auth/me"
POLITE_SHARE = 0.5


@dataclass
class Limiting:
    """What the greedy till and the polite ones heard, and everything that was wrong."""

    greedy: Paced
    polite: list[Paced]
    faults: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        return sum(reply.status == 200 for reply in self.greedy.replies)

    @property
    def refused(self) -> list[Reply]:
        return [reply for reply in self.greedy.replies if reply.status == 429]


def ask_for_twice(greedy: LoadTill, polite: Sequence[LoadTill], seconds: float) -> Limiting:
    """One till at twice the limit, the others well below it, all at once; then the greedy one waits as it was told."""
    found: list[Paced] = []
    threads = [
        threading.Thread(target=lambda till=till: found.append(_ask(till, RATE * POLITE_SHARE, seconds)))
        for till in polite
    ]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    at_once = [greedy.read(PATH) for _ in range(BURST)]
    limiting = Limiting(_ask(greedy, RATE * 2, seconds), found)
    limiting.greedy.replies += at_once
    asked_s = time.monotonic() - began
    for thread in threads:
        thread.join()
    _check(limiting, asked_s)
    _check_patience(limiting, greedy)
    return limiting


def _ask(till: LoadTill, rate: float, seconds: float) -> Paced:
    return pace(PATH, lambda: till.read(PATH), rate, seconds, threads=8)


def _check(limiting: Limiting, asked_s: float) -> None:
    """Everything allowed was let through, nothing else, and every refusal says when to come again."""
    most, accepted = BURST + RATE * (asked_s + 1), limiting.accepted
    least = min(BURST + RATE * (asked_s - 2), len(limiting.greedy.replies))
    if not least <= accepted <= most:
        limiting.faults.append(f"{accepted} requests were let through, not {least:.0f} to {most:.0f}")
    limiting.faults += limiting.greedy.failures(200, 429)
    for reply in limiting.refused:
        if not reply.headers.get("Retry-After", "").isdigit() or reply.body.get("code") != "rate_limited":
            limiting.faults.append(f"a refusal without Retry-After or code: {reply.raw[:200]!r}")
    for one in limiting.polite:
        limiting.faults += [f"a polite till: {failure}" for failure in one.failures(200)]


def _check_patience(limiting: Limiting, till: LoadTill) -> None:
    """Whoever waits for as long as the refusal says is let in."""
    if not limiting.refused:
        limiting.faults.append("nothing was refused at twice the limit")
        return
    refusal = next((reply for _ in range(BURST * 4) if (reply := till.read(PATH)).status == 429), None)
    if refusal is None:
        return  # this machine is slower than the limit, so the allowance cannot be used up one by one
    time.sleep(int(refusal.headers["Retry-After"]))
    if till.read(PATH).status != 200:
        limiting.faults.append("refused again after waiting for Retry-After")

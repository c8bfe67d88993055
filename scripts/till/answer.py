"""What came back from the server, or the ways in which nothing did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Statuses after which the very same request is sent again.
TRY_AGAIN = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer. ``body`` is empty where a proxy answered with something other than JSON."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def code(self) -> str:
        """The problem's code, or the bare status of an answer that has none."""
        return str(self.body.get("code") or f"http_{self.status}")

    @property
    def is_final(self) -> bool:
        """Whether sending the same again would be answered the same; the server knows best, where it says so."""
        if self.status >= 400 and "retryable" in self.body:
            return not self.body["retryable"]
        return self.status not in TRY_AGAIN

    @property
    def retry_after_s(self) -> float:
        text = self.headers.get("Retry-After", "")
        return float(text) if text.isdigit() else 0.0


class Unanswered(Exception):
    """The request may or may not have been carried out: time-out, cut connection, server away."""


class Refused(Exception):
    """The server's final no. ``answer`` holds the problem document."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.code}: {answer.body.get('detail', answer.status)}")
        self.answer = answer

    @property
    def code(self) -> str:
        return self.answer.code


class SignedOut(Refused):
    """Nobody is signed in any more: a PIN is needed."""


class DeviceRevoked(Refused):
    """A manager removed this till: it must be paired again."""


def refusal(answer: Answer) -> Refused:
    """The exception for a final answer that is no success."""
    kinds = {"device_revoked": DeviceRevoked, "token_invalid": SignedOut}
    return kinds.get(answer.code, Refused)(answer)

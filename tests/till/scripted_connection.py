"""A connection that answers what a test wants, and remembers what was sent."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scripts.till.answer import Answer, Unanswered


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it went out."""

    method: str
    path: str
    headers: Mapping[str, str]
    text: str | None

    @property
    def body(self) -> Any:
        return json.loads(self.text or "{}")


@dataclass
class ScriptedConnection:
    """``answer`` decides; None is an answer that got lost."""

    answer: Callable[[Sent], Answer | None]
    sent: list[Sent] = field(default_factory=list)

    async def send(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, text: str | None = None
    ) -> Answer:
        request = Sent(method, path, headers or {}, text)
        self.sent.append(request)
        answer = self.answer(request)
        if answer is None:
            raise Unanswered(path)
        return answer

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.path for request in self.sent]


def tokens(number: int) -> Answer:
    """A sign-in's answer with the tokens ``access-n`` and ``refresh-n``."""
    body = {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}", "expires_in": 900}
    return Answer(200, {}, {**body, "employee": {"name": "Sam"}})


def problem(status: int, code: str, retryable: bool = False, **headers: str) -> Answer:
    """A problem document."""
    return Answer(status, headers, {"code": code, "detail": code, "retryable": retryable})

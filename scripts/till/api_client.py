"""The API as a till uses it: signed in, patient, and with every write in the journal first."""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from .answer import Answer, Refused, Unanswered, refusal
from .connection import Connection
from .journal import Journal, Write
from .pause import Pause

PATIENCE_S = 120.0
RENEWABLE = frozenset({"token_expired", "token_invalid"})


class Tokens(Protocol):
    """Whoever is signed in."""

    async def token(self) -> str:
        """An access token that will last for the request."""

    async def renew(self, rejected: str) -> str:
        """A token other than ``rejected``."""


class ApiClient:
    """Reads and writes until there is an answer, or ``patience_s`` is over."""

    def __init__(
        self, connection: Connection, sign_in: Tokens, journal: Journal, patience_s: float = PATIENCE_S
    ) -> None:
        self._connection = connection
        self._sign_in = sign_in
        self._journal = journal
        self._patience_s = patience_s

    async def read(self, path: str, etag: str | None = None) -> Answer:
        """GET; with an ``etag`` the answer may be 304. Raises ``Refused`` or ``Unanswered``."""
        headers = {"If-None-Match": etag} if etag else {}
        answer = await self._until_answered(lambda: self._signed("GET", path, headers, None))
        if not (answer.is_success or answer.status == 304):
            raise refusal(answer)
        return answer

    async def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """POST to a route that needs no key, so no journal either: repeating it is the same. Raises as ``read``."""
        text = None if body is None else json.dumps(body)
        answer = await self._until_answered(lambda: self._signed("POST", path, {}, text))
        if not answer.is_success:
            raise refusal(answer)
        return answer.body

    async def write(self, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> dict[str, Any]:
        """Change something, once. Raises ``Refused``.

        After ``Unanswered`` the write stays in the journal: ``finish_journal`` brings it to its end.
        """
        answer = await self._carry_out(self._journal.enter(method, path, body))
        if not answer.is_success:
            raise refusal(answer)
        return answer.body

    async def finish_journal(self) -> list[tuple[Write, Answer]]:
        """Settle what an earlier run of the app left unanswered, oldest first."""
        outcomes = []
        for write in self._journal.unsettled():
            outcomes.append((write, await self._recorded_outcome(write) or await self._carry_out(write)))
        self._journal.forget_settled()
        return outcomes

    async def _carry_out(self, write: Write) -> Answer:
        headers = {"Idempotency-Key": write.key}
        answer = await self._until_answered(lambda: self._signed(write.method, write.path, headers, write.text))
        if answer.status != 401:  # not signed in: nothing was done, and it is still to be done
            self._journal.settle(write, answer)
        return answer

    async def _recorded_outcome(self, write: Write) -> Answer | None:
        """What the server remembers of this key; None when it does not know it (any more)."""
        try:
            answer = await self.read(f"/operations/{write.key}")
        except Refused:
            return None
        if answer.body.get("state") == "in_progress":
            return None
        outcome = Answer(int(answer.body["status"]), answer.headers, answer.body["body"] or {})
        self._journal.settle(write, outcome)
        return outcome

    async def _signed(self, method: str, path: str, headers: dict[str, str], text: str | None) -> Answer:
        token = await self._sign_in.token()
        answer = await self._send(method, path, headers, text, token)
        if answer.status == 401 and answer.code in RENEWABLE:
            token = await self._sign_in.renew(token)
            answer = await self._send(method, path, headers, text, token)
        return answer

    async def _send(self, method: str, path: str, headers: dict[str, str], text: str | None, token: str) -> Answer:
        signed = {**headers, "Authorization": f"Bearer {token}"}
        return await self._connection.send(method, path, headers=signed, text=text)

    async def _until_answered(self, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
        pause, give_up_at = Pause(), time.monotonic() + self._patience_s
        while True:
            wanted_s = 0.0
            try:
                answer = await attempt()
                if answer.is_final:
                    return answer
                wanted_s, reason = answer.retry_after_s, answer.code
            except Unanswered as error:
                reason = str(error)
            if time.monotonic() > give_up_at:
                raise Unanswered(reason)
            await pause.wait(wanted_s)

"""One HTTP request, one answer; no retries here."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp

from .answer import Answer, Unanswered

CONNECT_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """An attempt as it went, for whoever measures; ``status`` is 0 when nothing came back."""

    method: str
    path: str
    status: int
    took_s: float


def _nobody(_exchange: Exchange) -> None:
    """Measures nothing."""


class Connection:
    """The way to the server. Raises ``Unanswered`` whenever the outcome is unknown."""

    def __init__(
        self,
        url: str,
        *,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        observe: Callable[[Exchange], None] = _nobody,
    ) -> None:
        self._base = f"{url.rstrip('/')}/api/v1"
        self._timeout = aiohttp.ClientTimeout(total=answer_timeout_s, connect=CONNECT_TIMEOUT_S)
        self._observe = observe
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, text: str | None = None
    ) -> Answer:
        """Send one request; ``text`` is the JSON body exactly as it goes out."""
        began = time.perf_counter()
        status = 0
        try:
            answer = await self._exchange(method, path, dict(headers or {}), text)
            status = answer.status
            return answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unanswered(f"{method} {path}: {error or type(error).__name__}") from error
        finally:
            self._observe(Exchange(method, path, status, time.perf_counter() - began))

    async def close(self) -> None:
        """Give up the sockets."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _exchange(self, method: str, path: str, headers: dict[str, str], text: str | None) -> Answer:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        if text is not None:
            headers["Content-Type"] = "application/json"
        data = text.encode() if text is not None else None
        async with self._session.request(method, self._base + path, headers=headers, data=data) as response:
            raw = await response.read()
            return Answer(response.status, response.headers, _object(raw))


def _object(raw: bytes) -> dict[str, object]:
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {"value": body}

"""HTTP to TrueLayer: token, signature and deadline of each call."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from ..connection import ProviderUnavailable
from .environment import Account, Environment
from .signature import Request, sign

CONNECT_S, READ_S, WHOLE_S = 3.0, 10.0, 14.0
LARGEST = 1_000_000
EARLY_S = 60  # a token is renewed before it ends, for clocks differ


class NoAnswer(Exception):
    """The call may have done its work; nobody knows."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON object of an answer (an empty one when the body is none)."""

    status: int
    body: Mapping[str, Any]


class Calls:
    """Calls of one account. Safe for any thread; each call ends within 15 s, the token's included."""

    def __init__(self, environment: Environment, account: Account) -> None:
        self._environment = environment
        self._account = account
        self._lock = threading.Lock()
        self._token: tuple[str, float] | None = None

    def get(self, path: str) -> Answer:
        """Raises :class:`ProviderUnavailable` or :class:`NoAnswer`."""
        return self._call("GET", path, None, None)

    def post(self, path: str, key: str, body: Mapping[str, Any] | None = None) -> Answer:
        """A signed write, repeatable by its ``key``. Raises as :meth:`get`."""
        return self._call("POST", path, key, body)

    def key_set(self) -> Mapping[str, Any]:
        """The keys of notifications, from the environment's one address. Raises as :meth:`get`."""
        answer = _send("GET", self._environment.key_set, {}, b"", time.monotonic() + WHOLE_S)
        if answer.status != 200:
            raise ProviderUnavailable("provider_unavailable")
        return answer.body

    def token(self) -> None:
        """Makes sure that there is a token. Raises :class:`ProviderUnavailable`."""
        self._bearer(time.monotonic() + WHOLE_S)

    def _call(self, method: str, path: str, key: str | None, body: Mapping[str, Any] | None) -> Answer:
        deadline = time.monotonic() + WHOLE_S
        answer = self._once(method, path, key, body, deadline)
        if answer.status == 401:
            self._token = None
            answer = self._once(method, path, key, body, deadline)
        elif answer.status >= 500:  # the key makes it one wish
            answer = self._once(method, path, key, body, deadline)
        if answer.status in (401, 403, 429):
            raise ProviderUnavailable("provider_unavailable", 10 if answer.status == 429 else 2)
        if answer.status >= 500 or answer.status == 409:
            raise NoAnswer
        return answer

    def _once(self, method: str, path: str, key: str | None, body: Mapping[str, Any] | None, deadline: float) -> Answer:
        headers = {"Authorization": f"Bearer {self._bearer(deadline)}"}
        raw = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        if key:
            signed = Request(method, path, {"Idempotency-Key": key}, raw)
            headers["Idempotency-Key"] = key
            headers["Tl-Signature"] = sign(signed, self._account.key_id, self._account.private_key)
        if raw:
            headers["Content-Type"] = "application/json"
        return _send(method, self._environment.api + path, headers, raw, deadline)

    def _bearer(self, deadline: float) -> str:
        with self._lock:
            if self._token is None or self._token[1] < time.monotonic():
                self._token = self._new_token(deadline)
            return self._token[0]

    def _new_token(self, deadline: float) -> tuple[str, float]:
        wish = {
            "grant_type": "client_credentials",
            "client_id": self._account.client_id,
            "client_secret": self._account.client_secret,
            "scope": "payments",
        }
        headers = {"Content-Type": "application/json"}
        try:
            url = f"{self._environment.auth}/connect/token"
            answer = _send("POST", url, headers, json.dumps(wish).encode(), deadline)
        except NoAnswer as late:  # without a token nothing was asked
            raise ProviderUnavailable("provider_unavailable") from late
        token, lasts = answer.body.get("access_token"), answer.body.get("expires_in")
        if answer.status != 200 or not isinstance(token, str) or not isinstance(lasts, int):
            raise ProviderUnavailable("provider_unavailable")
        return token, time.monotonic() + lasts - EARLY_S


def _send(method: str, url: str, headers: Mapping[str, str], raw: bytes, deadline: float) -> Answer:
    left = deadline - time.monotonic()
    if left <= 0:
        raise NoAnswer
    waits = (min(CONNECT_S, left), min(READ_S, left))
    try:
        with requests.request(
            method, url, headers=dict(headers), data=raw, timeout=waits, allow_redirects=False, stream=True
        ) as answer:
            body = _read(answer, deadline)
            # pages of errors are written by proxies
            return Answer(answer.status_code, {} if answer.status_code >= 400 else _object(body))
    except requests.exceptions.ConnectTimeout as refused:
        raise ProviderUnavailable("provider_unavailable") from refused
    except requests.exceptions.ConnectionError as broken:
        if _never_connected(broken):
            raise ProviderUnavailable("provider_unavailable") from broken
        raise NoAnswer from broken
    except requests.exceptions.RequestException as late:
        raise NoAnswer from late


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
    """Whether not even a connection was made, so that nothing can have been asked."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    return type(reason).__name__ in ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")


def _read(answer: requests.Response, deadline: float) -> bytes:
    """The body; an answer that drips past the deadline or is huge is none."""
    body = b""
    for part in answer.iter_content(65_536):
        body += part
        if len(body) > LARGEST or time.monotonic() > deadline:
            raise NoAnswer
    return body


def _object(body: bytes) -> Mapping[str, Any]:
    """A JSON object, empty when there is no body. Raises :class:`NoAnswer` for anything else."""
    if not body:
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise NoAnswer from wrong
    if not isinstance(value, dict):
        raise NoAnswer
    return value

"""HTTP to Stripe within one deadline: repeated only when that is safe, and 'no' told from 'no answer'."""

import functools
import random
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

import requests
import stripe
from requests.adapters import HTTPAdapter

from ..connection import ProviderUnavailable

CONNECT_S, READ_S, WHOLE_S = 3.0, 10.0, 14.0
LEAST_S = 0.5  # with less than this left no request is begun
TRIES = 4
LARGEST = 4_000_000

_deadline: ContextVar[float | None] = ContextVar("stripe_deadline", default=None)
P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")


class NoAnswer(Exception):
    """Stripe may or may not have done it."""


def in_time(step: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """All requests that the method makes, and those of methods it calls, share one deadline."""

    @functools.wraps(step)
    def limited(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if _deadline.get() is not None:
            return step(self, *args, **kwargs)
        token = _deadline.set(time.monotonic() + WHOLE_S)
        try:
            return step(self, *args, **kwargs)
        finally:
            _deadline.reset(token)

    return limited


def ask(call: Callable[[], Any]) -> dict[str, Any]:
    """What Stripe answers, as plain values. ``call`` must be safe to repeat (one idempotency key, or a read).

    Raises :class:`NoAnswer` when it may have been done, :class:`ProviderUnavailable` when it certainly was
    not, and stripe's own CardError, InvalidRequestError and IdempotencyError, which are answers.
    """
    in_doubt, pause = False, 0.5
    refusal: Exception = NoAnswer()
    for trial in range(TRIES):
        if trial and not _paused(pause * 2 ** (trial - 1)):
            break
        if _left() < LEAST_S:
            break
        try:
            answer: dict[str, Any] = call().to_dict()
            return answer
        except stripe.RateLimitError as error:
            refusal = error
        except (stripe.AuthenticationError, stripe.PermissionError) as error:
            raise _certain(in_doubt, ProviderUnavailable("provider_unavailable", 60)) from error
        except (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError):
            raise
        except stripe.StripeError as error:  # connection lost, 5xx, a key whose first request still runs
            refusal, in_doubt = error, True
    busy = isinstance(refusal, stripe.RateLimitError)
    raise _certain(in_doubt, ProviderUnavailable("provider_busy") if busy else NoAnswer()) from refusal


class StripeLine(stripe.HTTPClient):
    """Follows no redirect, reads no endless answer, and knows how far the clocks are apart."""

    name = "requests"

    def __init__(self) -> None:
        super().__init__()
        self._sessions = threading.local()
        self.skew_s = 0.0

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, *, _usage: Any = None
    ) -> tuple[str, int, Mapping[str, str]]:
        """Raises ``stripe.APIConnectionError`` when no whole answer came."""
        try:
            with self._session().request(
                method, url, headers=headers, data=post_data, timeout=READ_S, allow_redirects=False, stream=True,
                verify=stripe.ca_bundle_path,
            ) as answer:  # fmt: skip
                self._compare_clocks(answer.headers)
                return _read(answer), answer.status_code, answer.headers
        except (requests.RequestException, OSError) as error:
            lost: Any = stripe.APIConnectionError
            raise lost(type(error).__name__, should_retry=True) from error

    def close(self) -> None:
        self._session().close()

    def _session(self) -> requests.Session:
        """Connections are kept open, for each thread apart."""
        if not hasattr(self._sessions, "kept"):
            self._sessions.kept = requests.Session()
            for scheme in ("http://", "https://"):
                self._sessions.kept.mount(scheme, Punctual())
        kept: requests.Session = self._sessions.kept
        return kept

    def _compare_clocks(self, headers: Mapping[str, str]) -> None:
        try:
            told = parsedate_to_datetime(headers["Date"])
        except (KeyError, ValueError, TypeError):
            return
        self.skew_s = abs((datetime.now(UTC) - told).total_seconds())


class Punctual(HTTPAdapter):
    """Waits no longer than what is left of the deadline."""

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        left = max(_left(), LEAST_S)
        kwargs["timeout"] = (min(CONNECT_S, left), min(READ_S, left))
        return super().send(request, *args, **kwargs)


def _read(answer: requests.Response) -> str:
    content = b""
    for part in answer.iter_content(65_536):
        content += part
        if len(content) > LARGEST or _left() <= 0:
            raise requests.ConnectionError("the answer has no end")
    return content.decode(errors="replace")


def _left() -> float:
    """Seconds until the deadline."""
    deadline = _deadline.get()
    return WHOLE_S if deadline is None else deadline - time.monotonic()


def _paused(seconds: float) -> bool:
    """Waits, unless no time for another request would be left then."""
    wait = seconds * random.uniform(0.5, 1)  # noqa: S311 (spreads retries, guards nothing)
    if _left() - wait < LEAST_S:
        return False
    time.sleep(wait)
    return True


def _certain(in_doubt: bool, refusal: Exception) -> Exception:
    """A refusal after an attempt without answer says nothing of that attempt."""
    return NoAnswer() if in_doubt else refusal

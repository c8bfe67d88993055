"""Stripe's memory of keys: the first executed answer is given again, whatever it was."""

import threading
from dataclasses import dataclass
from typing import Any

from .refusal import Refusal

Scope = tuple[str, bool, str]


@dataclass
class Kept:
    """``answer`` is ``None`` while the first request runs."""

    fingerprint: str
    answer: tuple[int, dict[str, Any]] | None = None


class Keys:
    """Answers by account, mode and key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Scope, Kept] = {}

    def claim(self, scope: Scope, fingerprint: str) -> tuple[int, dict[str, Any]] | None:
        """The answer that the key has already, else the caller runs the request and must :meth:`end` it.

        Raises :class:`Refusal` for other parameters (400) and while a twin runs (409).
        """
        with self._lock:
            kept = self._kept.setdefault(scope, Kept(""))
            if not kept.fingerprint:
                kept.fingerprint = fingerprint
                return None
            if kept.fingerprint != fingerprint:
                message = "Keys for idempotent requests can only be used with the same parameters."
                raise Refusal(400, "idempotency_error", "idempotency_key_reused", message, saved=False)
            if kept.answer is None:
                message = "There is currently another in-progress request using this key."
                raise Refusal(409, "invalid_request_error", "idempotency_key_in_use", message, saved=False)
            return kept.answer

    def end(self, scope: Scope, answer: tuple[int, dict[str, Any]] | None) -> None:
        """Keep the answer; ``None`` forgets the key, as for a request that failed validation."""
        with self._lock:
            if answer is None:
                self._kept.pop(scope, None)
            else:
                self._kept[scope].answer = answer

    def forget(self) -> None:
        """A day has passed."""
        with self._lock:
            self._kept.clear()

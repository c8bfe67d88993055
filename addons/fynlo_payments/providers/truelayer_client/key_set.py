"""The public keys that sign notifications: fetched from one address, kept for a day."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from ..connection import NotificationRefused
from .signature import public_key

KEPT_S = 24 * 3600
AGAIN_S = 60  # strangers who name unknown keys make us ask no more often


class KeySet:
    """``read`` fetches the set; it is called at most once a minute, however many keys are asked for."""

    def __init__(self, read: Callable[[], Mapping[str, Any]], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, Mapping[str, Any]] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None

    def key(self, key_id: str) -> ec.EllipticCurvePublicKey:
        """Raises :class:`NotificationRefused` for a key that the set does not hold."""
        with self._lock:
            if self._stale() or key_id not in self._keys:
                self._refresh()
            found = None if self._stale() else self._keys.get(key_id)
        if found is None:
            raise NotificationRefused("the key is not known")
        return public_key(found)

    def _stale(self) -> bool:
        return self._fetched_at is None or self._clock() - self._fetched_at > KEPT_S

    def _refresh(self) -> None:
        if self._tried_at is not None and self._clock() - self._tried_at < AGAIN_S:
            return
        self._tried_at = self._clock()
        keys = self._read().get("keys")
        if not isinstance(keys, list):
            raise NotificationRefused("the key set is damaged")
        self._keys = {str(key.get("kid")): key for key in keys if isinstance(key, dict)}
        self._fetched_at = self._clock()

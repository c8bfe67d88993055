"""The public keys that sign access tokens, fetched from the API and kept fresh."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm
from jwt.exceptions import InvalidKeyError

__all__ = ["KeySet", "fetch_json", "parse_keys"]

REFETCH_AT_MOST_EVERY_S = 5.0
REFRESH_EVERY_S = 300.0
FETCH_TIMEOUT_S = 5.0
BODY_MOST_BYTES = 256 * 1024

_logger = logging.getLogger(__name__)

Fetch = Callable[[], Awaitable[Any]]


class KeySet:
    """Keys by ``kid``. A failed fetch keeps the keys there are: tills stay connected."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()
        self.generation = 0  # goes up whenever the keys change

    def __len__(self) -> int:
        return len(self._keys)

    async def find(self, kid: str) -> Ed25519PublicKey | None:
        """The key of this name; an unknown name asks the API again, but not at a client's pace."""
        if kid not in self._keys:
            await self.refresh()
        return self._keys.get(kid)

    async def refresh(self) -> None:
        """Fetch the keys unless that was tried a moment ago."""
        async with self._lock:
            if self._clock() - self._tried_at < REFETCH_AT_MOST_EVERY_S:
                return
            self._tried_at = self._clock()
            try:
                keys = parse_keys(await self._fetch())
            except (OSError, ValueError) as error:
                _logger.warning("keys not fetched", extra={"error": str(error)})
                return
            if keys.keys() != self._keys.keys():
                _logger.info("keys changed", extra={"kids": sorted(keys)})
                self.generation += 1
            self._keys = keys

    async def keep_fresh(self) -> None:
        """Refresh for ever: soon while there is no key, else often enough to drop retired ones."""
        while True:
            await self.refresh()
            await asyncio.sleep(REFRESH_EVERY_S if self._keys else REFETCH_AT_MOST_EVERY_S)


def parse_keys(document: Any) -> dict[str, Ed25519PublicKey]:
    """The Ed25519 keys of a JWKS document; other kinds are passed over."""
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("the document is not a JSON Web Key Set")
    keys = {}
    for entry in entries:
        kid, key = _parse_key(entry)
        if kid and key:
            keys[kid] = key
    return keys


def _parse_key(entry: Any) -> tuple[str | None, Ed25519PublicKey | None]:
    if not isinstance(entry, dict) or entry.get("kty") != "OKP" or entry.get("crv") != "Ed25519":
        return None, None
    try:
        key = OKPAlgorithm.from_jwk({k: v for k, v in entry.items() if k != "d"})
    except InvalidKeyError as error:
        raise ValueError(f"unreadable key: {error}") from error
    kid = entry.get("kid")
    return (kid if isinstance(kid, str) else None), (key if isinstance(key, Ed25519PublicKey) else None)


def fetch_json(url: str) -> Fetch:
    """A fetcher of the JSON document at ``url`` that does not hold up the event loop."""

    def fetch() -> Any:
        with urllib.request.urlopen(url, timeout=FETCH_TIMEOUT_S) as response:  # noqa: S310 - the operator's own address
            return json.loads(response.read(BODY_MOST_BYTES))

    async def fetch_in_thread() -> Any:
        return await asyncio.to_thread(fetch)

    return fetch_in_thread

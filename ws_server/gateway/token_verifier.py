"""From a token to an identity, or to the reason why not."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

import jwt

from .identity import Identity, TokenError
from .key_set import KeySet

__all__ = ["TokenVerifier"]

ALGORITHM = "EdDSA"
AUDIENCE = "fynlo-ws"
ISSUER = "fynlo"
CLOCK_SKEW_S = 5
REMEMBERED = 10_000
TOKEN_MOST_CHARS = 12_000


class TokenVerifier:
    """Verifies signature and claims; a token seen before is not verified twice."""

    def __init__(self, keys: KeySet, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._clock = clock
        self._seen: dict[bytes, Identity] = {}
        self._seen_generation = 0

    async def verify(self, token: str) -> Identity:
        """Return whom the token speaks for; raises ``TokenError``."""
        if len(token) > TOKEN_MOST_CHARS:
            raise TokenError("token_invalid", "The token is too long.")
        digest = hashlib.sha256(token.encode(errors="replace")).digest()
        identity = self._remembered(digest)
        if identity is None:
            identity = await self._decode(token)
            self._remember(digest, identity)
        return identity

    async def _decode(self, token: str) -> Identity:
        try:
            header = jwt.get_unverified_header(token)
            kid = header.get("kid")
            # The algorithm is ours to choose, never the token's.
            if header.get("alg") != ALGORITHM or not isinstance(kid, str):
                raise TokenError("token_invalid", "The token is not signed as it must be.")
            key = await self._keys.find(kid)
            if key is None:
                raise TokenError("token_invalid", "The token's key is not known.")
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                leeway=CLOCK_SKEW_S,
                options={"require": ["exp", "iat", "jti", "sub"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise TokenError("token_expired", "The token has expired.") from error
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise TokenError("token_invalid", "The token is not valid.") from error
        return Identity.from_claims(claims)

    def _remembered(self, digest: bytes) -> Identity | None:
        if self._seen_generation != self._keys.generation:
            self._seen.clear()
            self._seen_generation = self._keys.generation
        identity = self._seen.get(digest)
        if identity is not None and identity.expires_at + CLOCK_SKEW_S <= self._clock():
            raise TokenError("token_expired", "The token has expired.")
        return identity

    def _remember(self, digest: bytes, identity: Identity) -> None:
        if len(self._seen) >= REMEMBERED:
            del self._seen[next(iter(self._seen))]
        self._seen[digest] = identity

"""From an encrypted payment token to the card data inside, by the checks in Apple's order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from cryptography import x509

from .decryption import CardData, Expected, ProcessingKey, open_data
from .signature import apple_root, verify
from .token import RSA, Token, TokenRefused, read_token


class SeenTokens(Protocol):
    """Remembers transaction ids for at least 30 days."""

    def claim(self, transaction_id: str, leg_uuid: str) -> bool:
        """Whether ``leg_uuid`` is the first to bring this transaction; atomic, true again for the same leg."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class TokenOpener:
    """Opens tokens made for ``keys``, which are the processing keys in use by their public key hash.

    ``root`` and ``clock`` are other than Apple's and the machine's in tests alone.
    """

    keys: Mapping[str, ProcessingKey]
    seen: SeenTokens
    with_rsa: bool = False
    root: x509.Certificate = field(default_factory=apple_root)
    clock: Callable[[], datetime] = _utc_now

    def open(self, raw: bytes, leg_uuid: str, expected: Expected) -> CardData:
        """The card data in ``raw``, a ``paymentData`` object, for the payment ``leg_uuid``.

        Nothing is decrypted before all of it was verified. May be repeated for the same leg while the
        token is fresh. Raises :class:`TokenRefused`.
        """
        token = read_token(raw)
        if token.version == RSA and not self.with_rsa:
            raise TokenRefused("version_off")
        verify(token, self.root, self.clock())
        expected.check_request(token)
        if not self.seen.claim(token.transaction_id.hex(), leg_uuid):
            raise TokenRefused("replayed")
        card = open_data(token, self._key(token))
        expected.check_money(card)
        return card

    def _key(self, token: Token) -> ProcessingKey:
        if token.public_key_hash not in self.keys:
            raise TokenRefused("unknown_key")
        return self.keys[token.public_key_hash]

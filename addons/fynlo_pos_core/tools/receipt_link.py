"""The address of a receipt on the web: unguessable, made again at will, and stored nowhere.

A token names an order and the generation of its link, and proves both with an HMAC under the
pepper. A copy of the database opens no receipt, and the token says nothing about the guest.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from uuid import UUID

from .secret_hash import keyed
from .settings import settings

PURPOSE = "receipt-link"
PROOF_BYTES = 16
GENERATION_MAX = 255


@dataclass(frozen=True, slots=True)
class ReceiptLink:
    """Which order, and how often its link was taken back before."""

    order_uuid: str
    generation: int = 0

    @property
    def token(self) -> str:
        """44 characters that are safe in an address; 128 bits of them are the proof."""
        named = UUID(self.order_uuid).bytes + bytes([self.generation])
        return base64.urlsafe_b64encode(named + self._proof()).decode()

    @property
    def url(self) -> str:
        return f"{settings().public_url}/r/{self.token}"

    def _proof(self) -> bytes:
        return bytes.fromhex(keyed(PURPOSE, f"{self.order_uuid}:{self.generation}"))[:PROOF_BYTES]

    @classmethod
    def of_token(cls, token: str) -> "ReceiptLink | None":
        """The link behind a token, ``None`` when the token is not one of ours."""
        try:
            raw = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        if len(raw) != PROOF_BYTES + 17:
            return None
        link = cls(str(UUID(bytes=raw[:16])), raw[16])
        return link if hmac.compare_digest(raw[17:], link._proof()) else None

"""The bank's side of Tl-Signature, written apart from the product's so that one proves the other."""

import base64
import json
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

#: Published by TrueLayer for tests, with its licence beside it.
VECTORS = Path(__file__).parents[2] / "addons/fynlo_payments/tests/truelayer"
KEY_ID = "45fc75cf-5649-4134-84b3-192c2c78e990"


def key_set() -> dict[str, Any]:
    keys: dict[str, Any] = json.loads((VECTORS / "jwks.json").read_text())
    return keys


def notification_headers(path: str, body: bytes, moment: str, jku: str) -> dict[str, str]:
    """The headers of a notification that is posted to ``path``."""
    head = {"alg": "ES512", "kid": KEY_ID, "tl_version": "2", "tl_headers": "X-Tl-Webhook-Timestamp", "jku": jku}
    header = _text(json.dumps(head).encode())
    payload = f"POST {path}\nX-Tl-Webhook-Timestamp: {moment}\n".encode() + body
    key = serialization.load_pem_private_key((VECTORS / "ec512-private.pem").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - the published key is on P-521
    r, s = utils.decode_dss_signature(key.sign(f"{header}.{_text(payload)}".encode(), ec.ECDSA(hashes.SHA512())))
    return {
        "X-Tl-Webhook-Timestamp": moment,
        "Tl-Signature": f"{header}..{_text(r.to_bytes(66, 'big') + s.to_bytes(66, 'big'))}",
        "Content-Type": "application/json",
    }


class ClientKey:
    """The public key of the one who asks for payments, to check the signature of its writes."""

    def __init__(self, pem: bytes) -> None:
        key = serialization.load_pem_public_key(pem)
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP521R1):
            raise ValueError("a client signs with a key on P-521")
        self._key = key

    def signed(self, path: str, idempotency_key: str, body: bytes, signature: str) -> bool:
        """Whether the key signed ``POST path`` with this idempotency key and body."""
        header, empty, encoded = [*signature.split("."), "", ""][:3]
        payload = f"POST {path}\nIdempotency-Key: {idempotency_key}\n".encode() + body
        try:
            raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
            covers = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["tl_headers"]
            numbers = utils.encode_dss_signature(int.from_bytes(raw[:66], "big"), int.from_bytes(raw[66:], "big"))
            self._key.verify(numbers, f"{header}.{_text(payload)}".encode(), ec.ECDSA(hashes.SHA512()))
        except (ValueError, KeyError, TypeError, InvalidSignature):
            return False
        return not empty and covers == "Idempotency-Key"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

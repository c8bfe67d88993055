"""Ring of Ed25519 keys: the newest signs access tokens, all of them verify.

To rotate, add a key, and after the life of an access token remove the old one. Workers notice
within a second; nobody is signed out.
"""

import base64
import logging
import os
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from .settings import settings

_logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0


class KeysMissing(RuntimeError):
    """There is no usable signing key."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one moment. ``signer`` is the greatest ``kid`` in string order."""

    private: dict[str, Ed25519PrivateKey]
    public: dict[str, Ed25519PublicKey] = field(default_factory=dict)

    @property
    def signer(self) -> tuple[str, Ed25519PrivateKey]:
        kid = max(self.private)
        return kid, self.private[kid]

    def jwks(self) -> dict[str, Any]:
        """The public keys as a JSON Web Key Set (RFC 7517, RFC 8037)."""
        return {"keys": [_jwk(kid, key) for kid, key in sorted(self.public.items())]}


_state: dict[str, Any] = {"folder": None, "ring": None, "stamp": None, "looked": 0.0}


def ring() -> KeyRing:
    """The current keys; the folder is looked at once a second at most. Raises :class:`KeysMissing`."""
    folder = settings().keys_dir
    moment = time.monotonic()
    if _state["folder"] != folder or moment - _state["looked"] >= LOOK_EVERY_S:
        stamp = _stamp(folder)
        if _state["folder"] != folder or stamp != _state["stamp"]:
            _state.update(ring=_load(folder), folder=folder, stamp=stamp)
        _state["looked"] = moment
    current: KeyRing = _state["ring"]
    return current


def reset() -> None:
    """Forget the keys, so that the next call reads the folder again."""
    _state.update(folder=None, ring=None, stamp=None, looked=0.0)


def add_key(folder: Path) -> str:
    """Make a new key in ``folder`` and return its ``kid``; it signs from then on.

    The file appears in one step, so that no worker reads half of it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kid = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(2)}"
    raw = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = folder / f".{kid}"
    draft.touch(mode=0o600)
    draft.write_bytes(raw)
    draft.replace(folder / f"{kid}.pem")
    return kid


def _stamp(folder: Path) -> tuple[tuple[str, int], ...]:
    try:
        with os.scandir(folder) as entries:
            return tuple(sorted((item.name, item.stat().st_mtime_ns) for item in entries if item.name.endswith(".pem")))
    except OSError as exc:
        raise KeysMissing(f"FYNLO_KEYS_DIR: cannot read {folder}: {exc.strerror}") from exc


def _load(folder: Path) -> KeyRing:
    private = {}
    for file in sorted(folder.glob("*.pem")):
        try:
            key = load_pem_private_key(file.read_bytes(), None)
        except (ValueError, TypeError, OSError) as exc:
            _logger.error("FYNLO_KEYS_DIR: %s is not a readable private key: %s", file, exc)
            continue
        if isinstance(key, Ed25519PrivateKey):
            private[file.stem] = key
        else:
            _logger.error("FYNLO_KEYS_DIR: %s is not an Ed25519 key", file)
    if not private:
        raise KeysMissing(f"FYNLO_KEYS_DIR: {folder} holds no Ed25519 private key named <kid>.pem")
    return KeyRing(private, {kid: key.public_key() for kid, key in private.items()})


def _jwk(kid: str, key: Ed25519PublicKey) -> dict[str, str]:
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": x}

"""Secrets at rest: random ones as a digest, guessable ones peppered and stretched."""

import hashlib
import hmac
import secrets
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from .settings import settings

#: OWASP's smallest argon2id: 19 MiB, two passes, one lane; about 25 ms.
_argon2 = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)

PEPPER_MIN_BYTES = 32


class PepperMissing(RuntimeError):
    """The pepper file is absent, unreadable or too short. Nothing is hashed without it."""


def new_secret() -> str:
    """256 random bits, as 43 characters that are safe in a header and in a link."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256 in hex: enough for a secret of 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def keyed(purpose: str, secret: str) -> str:
    """HMAC-SHA256 under the pepper, in hex. ``purpose`` keeps the uses apart from each other."""
    return hmac.new(_pepper(settings().pepper_file), f"{purpose}\0{secret}".encode(), hashlib.sha256).hexdigest()


def hash_pin(pin: str, owner: str) -> str:
    """The argon2id hash of a PIN. ``owner`` binds it to one employee.

    Ten thousand PINs are guessed in minutes whatever the hash costs, so a copy of the database
    alone must not be enough: the pepper lives outside it.
    """
    return _argon2.hash(keyed(f"pin:{owner}", pin))


def pin_matches(stored: str | None, pin: str, owner: str) -> bool:
    """Whether ``pin`` is the one behind ``stored``. Takes as long when nothing is stored."""
    try:
        matches = _argon2.verify(stored or _nobodys_hash(), keyed(f"pin:{owner}", pin))
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored) and matches


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _argon2.hash(new_secret())


@lru_cache(maxsize=4)
def _pepper(file: Path) -> bytes:
    try:
        pepper = file.read_bytes().strip()
    except OSError as exc:
        raise PepperMissing(f"FYNLO_PEPPER_FILE: cannot read {file}: {exc.strerror}") from exc
    if len(pepper) < PEPPER_MIN_BYTES:
        raise PepperMissing(f"FYNLO_PEPPER_FILE: {file} holds fewer than {PEPPER_MIN_BYTES} bytes")
    return pepper

"""``python -m simulators.credentials FOLDER``: keys by which the simulators and a restaurant know each other.

They open no real account. What is there is left as it is.
"""

import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


def ensure(folder: Path) -> None:
    """Makes what is missing, each file readable by the owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _once(folder / "bank-secret", lambda: secrets.token_urlsafe(24))
    _once(folder / "stripe-key", lambda: f"sk_test_simulator{secrets.token_hex(12)}")
    _once(folder / "stripe-webhook", lambda: f"whsec_test{secrets.token_hex(16)}")
    if not (folder / "bank-public.pem").exists():
        _make_key_pair(folder)


def _make_key_pair(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP521R1())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for name, content in (("bank-private.pem", private), ("bank-public.pem", public)):
        _write(folder / name, content.decode())


def _once(file: Path, content: Callable[[], str]) -> None:
    if not file.exists():
        _write(file, content())


def _write(file: Path, text: str) -> None:
    partial = file.with_suffix(f"{file.suffix}.part")
    partial.touch(mode=0o600)
    partial.write_text(text)
    partial.replace(file)


if __name__ == "__main__":
    ensure(Path(sys.argv[1]))

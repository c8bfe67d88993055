#!/usr/bin/env python3
"""Signing keys of access tokens: `ensure` makes the first, `rotate` adds one and keeps the one before."""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

# access tokens live for 15 minutes: the key before the current one is enough for all that are under way
KEPT = 2


def ensure(folder: Path) -> str:
    """The newest key's name; makes one when the folder has none."""
    names = _names(folder)
    return names[-1] if names else _create(folder, datetime.now(UTC).strftime("%Y-%m-%d"))


def rotate(folder: Path) -> str:
    """Adds a key whose name sorts after all others, so that it signs from now on; returns its name."""
    name = _create(folder, datetime.now(UTC).strftime("%Y-%m-%d-%H%M%S"))
    for old in _names(folder)[:-KEPT]:
        (folder / f"{old}.pem").unlink()
    return name


def _names(folder: Path) -> list[str]:
    return sorted(file.stem for file in folder.glob("*.pem"))


def _create(folder: Path, name: str) -> str:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # a reader must never see half a key: it appears under its name when it is whole
    partial = folder / f".{name}.part"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
    partial.rename(folder / f"{name}.pem")
    return name


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("ensure", "rotate"))
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    action = ensure if options.action == "ensure" else rotate
    sys.stdout.write(action(options.folder) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

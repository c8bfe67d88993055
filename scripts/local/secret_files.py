"""The secrets of a stack: token signing keys and the pepper of PIN hashes, made once, readable by the owner alone."""

import secrets

from scripts.local.command import output
from scripts.local.installation import Installation
from scripts.local.layout import ROOT, Layout
from scripts.local.simulators import ensure_credentials

KEYS = ROOT / "deploy" / "keys.py"


def ensure_secrets(layout: Layout, installation: Installation) -> None:
    """Makes what is missing and leaves what is there."""
    output([installation.environment.python, KEYS, "ensure", layout.keys])
    if not layout.pepper.exists():
        partial = layout.pepper.with_suffix(".part")
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_hex(32))
        partial.replace(layout.pepper)
    ensure_credentials(layout, installation)


def rotate_key(layout: Layout, installation: Installation) -> str:
    """Adds a new signing key; the one before stays for tokens that are under way."""
    return output([installation.environment.python, KEYS, "rotate", layout.keys])

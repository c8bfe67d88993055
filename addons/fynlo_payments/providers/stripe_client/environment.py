"""What the process is told of Stripe: which variables there are, and the secrets behind them.

A location may name a key of its own: the variables of the key ``SOHO`` end in ``_SOHO``. Secrets are read from
files each time, so that a key is changed without a restart.
"""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from ..connection import ProviderUnavailable

#: By livemode.
SECRET_KEY_FILE = {True: "FYNLO_STRIPE_SECRET_KEY_FILE", False: "FYNLO_STRIPE_TEST_SECRET_KEY_FILE"}
PUBLISHABLE_KEY = {True: "FYNLO_STRIPE_PUBLISHABLE_KEY", False: "FYNLO_STRIPE_TEST_PUBLISHABLE_KEY"}
WEBHOOK_SECRETS_FILE = "FYNLO_STRIPE_WEBHOOK_SECRETS_FILE"
API_VERSION = "FYNLO_STRIPE_API_VERSION"
API_BASE = "FYNLO_STRIPE_API_BASE"
USUAL_VERSION = "2023-10-16"
KEY_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,29}")


def variable(names: dict[bool, str], livemode: bool, key_name: str | None) -> str:
    """The variable that holds a key of one mode. Raises :class:`ProviderUnavailable` for a name that is none."""
    if key_name and not KEY_NAME.fullmatch(key_name):
        raise ProviderUnavailable("provider_unavailable")
    return f"{names[livemode]}_{key_name}" if key_name else names[livemode]


def secret_key(livemode: bool, key_name: str | None = None) -> str:
    """Raises :class:`ProviderUnavailable` when there is none."""
    return _content(variable(SECRET_KEY_FILE, livemode, key_name))


def publishable_key(livemode: bool, key_name: str | None = None) -> str | None:
    """The key that guests' browsers and readers may know, or ``None``; one of the other mode or kind is none."""
    found = os.environ.get(variable(PUBLISHABLE_KEY, livemode, key_name), "").strip()
    return found if found.startswith("pk_live_" if livemode else "pk_test_") else None


def webhook_secrets() -> tuple[str, ...]:
    """One a line; several serve while one replaces another. None when the file is missing."""
    try:
        return tuple(filter(None, _content(WEBHOOK_SECRETS_FILE).split()))
    except ProviderUnavailable:
        return ()


def api_version() -> str:
    """The version in whose words Stripe answers; the webhook endpoint must be made with the same."""
    return os.environ.get(API_VERSION) or USUAL_VERSION


def api_base(livemode: bool) -> str | None:
    """Where a simulated Stripe of this machine is. Raises :class:`ProviderUnavailable` where real money is meant."""
    base = os.environ.get(API_BASE, "").strip().rstrip("/")
    if not base:
        return None
    place = urlsplit(base)
    here = place.scheme == "http" and place.hostname in ("127.0.0.1", "localhost", "::1")
    if livemode or not here or os.environ.get("FYNLO_ENV") == "production":
        raise ProviderUnavailable("provider_unavailable")
    return base


def _content(name: str) -> str:
    """What is in the file that the variable names."""
    path = os.environ.get(name, "")
    try:
        content = Path(path).read_text(encoding="utf-8").strip() if path else ""
    except (OSError, ValueError) as missing:
        raise ProviderUnavailable("provider_unavailable") from missing
    if not content:
        raise ProviderUnavailable("provider_unavailable")
    return content

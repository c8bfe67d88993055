"""Where TrueLayer is, and who we are there."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Environment:
    """The exact addresses of one TrueLayer. ``key_set`` is the only address whose keys sign notifications."""

    auth: str
    api: str
    page: str
    key_set: str
    live: bool


@dataclass(frozen=True, slots=True)
class Account:
    """What a restaurant has agreed with TrueLayer. The secrets never appear in a representation.

    ``settle_above`` in minor units: a larger payment counts only once it has settled, not when the
    bank has accepted it. ``payer_email`` stands for guests, whom we do not ask.
    """

    client_id: str
    client_secret: str = field(repr=False)
    key_id: str
    private_key: bytes = field(repr=False)
    merchant_account: str
    payer_email: str
    return_url: str
    settle_above: int = 25_000


LIVE = Environment(
    auth="https://auth.truelayer.com",
    api="https://api.truelayer.com",
    page="https://payment.truelayer.com/payments",
    key_set="https://webhooks.truelayer.com/.well-known/jwks",
    live=True,
)
SANDBOX = Environment(
    auth="https://auth.truelayer-sandbox.com",
    api="https://api.truelayer-sandbox.com",
    page="https://payment.truelayer-sandbox.com/payments",
    key_set="https://webhooks.truelayer-sandbox.com/.well-known/jwks",
    live=False,
)


def loopback(base: str) -> Environment:
    """A bank of this machine at ``base``. Raises ``ValueError`` for any other machine's address."""
    place = urlsplit(base)
    if place.scheme != "http" or place.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ValueError(f"{base} is not on this machine")
    root = base.rstrip("/")
    return Environment(root, root, f"{root}/payments", f"{root}/.well-known/jwks", live=False)

"""Asks Apple for a merchant session, which lets one web page open one payment sheet."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..providers.connection import ProviderUnavailable

PATH = "/paymentservices/paymentSession"
LIMIT_S = 5.0
MAX_ANSWER_BYTES = 64 * 1024

#: Apple's gateways, each written out: a pattern would let in names that anybody can register.
GATEWAYS = frozenset(
    {"apple-pay-gateway.apple.com", "cn-apple-pay-gateway.apple.com"}
    | {"apple-pay-gateway-cert.apple.com", "cn-apple-pay-gateway-cert.apple.com"}
)
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


def is_domain(text: str) -> bool:
    """Whether this is the plain name of a host on the internet."""
    return bool(_DOMAIN.fullmatch(text))


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where sessions are asked for. Only :meth:`at` makes one outside of tests; ``authorities`` are theirs."""

    host: str
    port: int = 443
    authorities: Path | None = None

    @classmethod
    def at(cls, url: str) -> Gateway:
        """The gateway of ``https://<one of GATEWAYS>``. Raises ``ValueError`` for any other address."""
        host = url.removeprefix("https://").removesuffix("/").removesuffix(PATH)
        if not url.startswith("https://") or host not in GATEWAYS or urlsplit(url).hostname != host:
            raise ValueError("not a gateway of Apple Pay")
        return cls(host)


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who asks. ``domain`` is where our payment page is served, by our own settings, never by a request."""

    merchant_id: str
    display_name: str
    domain: str
    certificate_file: Path
    key_file: Path

    def __post_init__(self) -> None:
        if not is_domain(self.domain):
            raise ValueError("not a domain")

    @property
    def wish(self) -> bytes:
        """The body of the request."""
        wish = {"merchantIdentifier": self.merchant_id, "displayName": self.display_name[:64]}
        return json.dumps({**wish, "initiative": "web", "initiativeContext": self.domain}).encode()


def ask_session(merchant: Merchant, gateway: Gateway, limit_s: float = LIMIT_S) -> dict[str, Any]:
    """A session, to be handed to the page as it is; it is good for five minutes and once.

    Ends within ``limit_s`` and may be repeated. Raises :class:`ProviderUnavailable`. Call it while no
    transaction is open.
    """
    try:
        context = _context(merchant, gateway)
        with socket.create_connection((gateway.host, gateway.port), timeout=limit_s) as wire, wire.dup() as handle:
            watch = threading.Timer(limit_s, _cut, (handle,))
            watch.daemon = True
            watch.start()
            try:
                return _asked(gateway, context.wrap_socket(wire, server_hostname=gateway.host), merchant.wish)
            finally:
                watch.cancel()
    except (OSError, ValueError, http.client.HTTPException, RecursionError):  # a TLS failure is an OSError
        raise ProviderUnavailable("provider_unavailable") from None


def _context(merchant: Merchant, gateway: Gateway) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(gateway.authorities) if gateway.authorities else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(merchant.certificate_file, merchant.key_file)
    return context


def _asked(gateway: Gateway, wire: ssl.SSLSocket, wish: bytes) -> dict[str, Any]:
    """The answer to one request; another status, also a redirect, is none."""
    connection = http.client.HTTPConnection(gateway.host)
    connection.sock = wire
    with wire:
        connection.request("POST", PATH, wish, {"Content-Type": "application/json"})
        return _read(connection.getresponse())


def _read(answer: http.client.HTTPResponse) -> dict[str, Any]:
    raw = answer.read(MAX_ANSWER_BYTES + 1)
    if answer.status != http.HTTPStatus.OK or len(raw) > MAX_ANSWER_BYTES:
        raise ValueError("no session")
    session = json.loads(raw)
    if not isinstance(session, dict):
        raise ValueError("no session")
    return session


def _cut(handle: socket.socket) -> None:
    """End a call that drips: the time limit of a socket counts each read anew."""
    with contextlib.suppress(OSError):  # it is over already
        handle.shutdown(socket.SHUT_RDWR)

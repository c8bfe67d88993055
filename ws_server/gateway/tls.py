"""The gateway's certificate: loaded at the start, and anew on demand without touching a connection."""

from __future__ import annotations

import ssl

__all__ = ["Certificate"]


class Certificate:
    """A certificate chain and its key, in PEM files; connections opened after ``reload`` use what it read."""

    def __init__(self, cert: str, key: str) -> None:
        """Read both; raises ``OSError`` (``ssl.SSLError`` is one) when they cannot be used."""
        self._cert = cert
        self._key = key
        self.context = _context(cert, key)

    def reload(self) -> None:
        """Read the files again; raises ``OSError`` and goes on with the old ones when they cannot be used."""
        _context(self._cert, self._key)  # half a pair would be left in the context that is in use
        self.context.load_cert_chain(self._cert, self._key)


def _context(cert: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(cert, key)
    return context

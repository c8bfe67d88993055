"""One HTTP request over a connection of its own, as Odoo without a proxy serves it, and how long it took."""

import gzip
import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. ``raw`` is the body as it was sent, perhaps gzipped."""

    status: int
    headers: Mapping[str, str]
    raw: bytes
    began_at: float
    took_s: float

    @property
    def body(self) -> Any:
        text = gzip.decompress(self.raw) if self.headers.get("Content-Encoding") == "gzip" else self.raw
        return json.loads(text or b"null")


class Unexpected(Exception):
    """The server answered, but not what a load test can go on with."""


def exchange(
    url: str, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: object = None
) -> Reply:
    """Sends one request. ``OSError`` and ``http.client.HTTPException`` mean that nothing came back."""
    address = urlsplit(url)
    text = None if body is None else json.dumps(body)
    sent = dict(headers or {}) | ({} if text is None else {"Content-Type": "application/json"})
    began_at, began = time.time(), time.perf_counter()
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=TIMEOUT_S)
    try:
        connection.request(method, path, body=text, headers=sent)
        response = connection.getresponse()
        raw = response.read()
    finally:
        connection.close()
    took_s = time.perf_counter() - began
    return Reply(response.status, response.headers, raw, began_at, took_s)  # type: ignore[arg-type]


def expect(reply: Reply, *statuses: int) -> Reply:
    """The reply if it has one of the statuses; raises ``Unexpected`` with what it says otherwise."""
    if reply.status not in statuses:
        raise Unexpected(f"{reply.status}: {reply.raw[:600].decode(errors='replace')}")
    return reply

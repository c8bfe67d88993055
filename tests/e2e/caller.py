"""The smallest till: it pairs, signs in and calls the API, one connection a request."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4


@dataclass(frozen=True)
class Reply:
    """What came back; ``body`` is the parsed JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class Caller:
    """Sends requests to ``url`` as whoever ``authorization`` names."""

    url: str
    authorization: str = ""
    timeout_s: float = 30
    device: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """One request to ``/api/v1<path>``; header names are written with underscores."""
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=self.timeout_s)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.authorization:
            sent["Authorization"] = self.authorization
        if method != "GET":
            sent.setdefault("Idempotency-Key", str(uuid4()))
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), sent)
            response = connection.getresponse()
            raw = response.read()
            return Reply(response.status, dict(response.getheaders()), json.loads(raw) if raw else None)
        finally:
            connection.close()


def sign_in(url: str, welcome: Mapping[str, Any], *roles: str) -> list[Caller]:
    """Pair a new device with the welcome's code; sign in the first employee of each role on it."""
    pairing = Caller(url)("POST", "/devices/pair", {
        "code": welcome["pairing_code"], "name": "Contract", "platform": "test", "app_version": "1.0.0",
    }).body  # fmt: skip
    device = Caller(url, f"Device {pairing['device_key']}")
    callers = []
    for role in roles:
        known = {one["name"]: one["id"] for one in pairing["employees"] if one["role"] == role}
        person = next(person for person in welcome["employees"] if person["name"] in known)
        answer = device("POST", "/auth/pin", {"employee_id": known[person["name"]], "pin": person["pin"]}).body
        callers.append(Caller(url, f"Bearer {answer['access_token']}", device=pairing["device"]))
    return callers

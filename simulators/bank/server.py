"""The bank's HTTP: TrueLayer's API, the page on which the guest decides, and its notifications."""

import http.client
import json
import logging
import re
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from . import transactions
from .bank import BEHAVIOURS, Bank
from .page import DECIDE, DONE, HOSTED, summary
from .signing import ClientKey, key_set, notification_headers

_logger = logging.getLogger(__name__)

PAYMENT = re.compile(r"/v3/payments/([0-9a-f-]{36})(/refunds|/actions/cancel|/approve|/decline)?(?:/([0-9a-f-]{36}))?")
HOSTED_PAYMENT = re.compile(r"/hosted/([0-9a-f-]{36})(?:/([a-z]+))?")
TRANSACTIONS = re.compile(r"/v3/merchant-accounts/([^/]+)/transactions")
HANGS_S = 30
AHEAD = timedelta(minutes=10)


class BankServer(ThreadingHTTPServer):
    """Listens on this machine only. ``notify`` is where notifications go; without it they are only collected.

    With ``client_key``, the PEM of the client's public key, writes must be signed by it.
    """

    daemon_threads = True

    def __init__(self, port: int = 0, notify: str | None = None, client_key: bytes | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.bank = Bank()
        self.notify = notify
        self.client_key = ClientKey(client_key) if client_key else None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def signed(self, path: str, event: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        """Headers and body of a notification as it is sent now."""
        body = json.dumps(event).encode()
        ahead = AHEAD if self.bank.behaviour == "clock_ahead" else timedelta()
        moment = (datetime.now(UTC) + ahead).strftime("%Y-%m-%dT%H:%M:%SZ")
        return notification_headers(path, body, moment, f"{self.base}/.well-known/jwks"), body

    def deliver(self) -> None:
        """Sends what has happened since the last time."""
        if not self.notify:
            return
        with self.bank.lock:
            events, self.bank.events = self.bank.events, []
        place = urlsplit(self.notify)
        for event in events:
            headers, body = self.signed(place.path, event)
            line = http.client.HTTPConnection(str(place.hostname), place.port or 80, timeout=10)
            try:
                line.request("POST", place.path, body, headers)
                line.getresponse().read()
            except OSError as away:
                _logger.warning("notification %s was not taken: %s", event["event_id"], away)
            finally:
                line.close()


class Handler(BaseHTTPRequestHandler):
    server: BankServer

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
        found, hosted = PAYMENT.fullmatch(path), HOSTED_PAYMENT.fullmatch(path)
        listed = TRANSACTIONS.fullmatch(path)
        if path == "/simulator/payments":
            with self.server.bank.lock:
                made = [{**one, "resource_token": None} for one in self.server.bank.payments.values()]
            self._answer(200, {"items": made})
        elif path == "/.well-known/jwks":
            self._answer(200, key_set())
        elif path == "/payments":
            self._page(HOSTED)
        elif listed:
            rows = transactions.page(self.server.bank, unquote(listed[1]), query)
            self._answer(400 if rows is None else 200, rows or {})
        elif hosted:
            payment = self.server.bank.payments.get(hosted[1])
            ours = payment is not None and payment["resource_token"] == self.headers.get("X-Resource-Token")
            self._send(200 if ours else 404, "application/json", summary(payment) if ours and payment else b"{}")
        elif not found or found[1] not in self.server.bank.payments:
            self._answer(404, {})
        elif found[2] in ("/approve", "/decline"):
            self._page(DECIDE.format(id=found[1]))
        elif found[2] == "/refunds" and found[3]:
            refund = self.server.bank.refunds.get(found[3])
            self._answer(200 if refund else 404, refund or {})
        elif found[2] == "/refunds":
            self._answer(200, {"items": self.server.bank.of(found[1])})
        else:
            payment = self.server.bank.payments[found[1]]
            self._answer(200, {name: value for name, value in payment.items() if name != "resource_token"})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self._write(raw)
        except ValueError:
            self._answer(422, {"title": "Idempotency key was used with another body, or the body is no JSON"})
        self.server.deliver()

    def _write(self, raw: bytes) -> None:
        bank = self.server.bank
        found, hosted = PAYMENT.fullmatch(self.path), HOSTED_PAYMENT.fullmatch(self.path)
        if self.path == "/connect/token":
            self._answer(200, {"access_token": "simulated", "expires_in": 3600, "token_type": "Bearer"})
        elif self.path.startswith("/simulator/behaviour/") and self.path.rsplit("/", 1)[1] in BEHAVIOURS:
            bank.behaviour = self.path.rsplit("/", 1)[1]
            self._answer(200, {})
        elif found and found[1] in bank.payments and found[2] in ("/approve", "/decline"):
            (bank.approve if found[2] == "/approve" else bank.decline)(found[1])
            self._page(DONE)
        elif hosted:
            done = bank.decide(hosted[1], hosted[2] or "", self.headers.get("X-Resource-Token") or "")
            self._answer(200 if done else 404, {})
        elif not self._signed(raw):
            self._answer(401, {})
        elif self.path == "/v3/payments":
            self._pay(raw)
        elif found and found[1] in bank.payments:
            self._act(found[1], found[2] or "", raw)
        else:
            self._answer(404, {})

    def _signed(self, raw: bytes) -> bool:
        """Whether the write has its key and signature, by the client's key when that is known."""
        signature, key = self.headers.get("Tl-Signature"), self.headers.get("Idempotency-Key")
        if not signature or not key:
            return False
        return self.server.client_key is None or self.server.client_key.signed(self.path, key, raw, signature)

    def _pay(self, raw: bytes) -> None:
        bank = self.server.bank
        payment = bank.pay(self.headers["Idempotency-Key"], raw, json.loads(raw))
        made = {"id": payment["id"], "resource_token": payment["resource_token"], "status": "authorization_required"}
        if bank.behaviour == "error_then_ok":
            bank.behaviour = "approve"
            self._answer(500, {})
            return
        if bank.behaviour == "hang":
            bank.released.wait(HANGS_S)
        elif bank.behaviour == "webhook_first":
            self.server.deliver()
        self._answer(201, made)

    def _act(self, payment_id: str, action: str, raw: bytes) -> None:
        bank = self.server.bank
        if action == "/actions/cancel":
            self._answer(202 if bank.cancel(payment_id) else 400, {})
            return
        refund = bank.refund(self.headers["Idempotency-Key"], raw, payment_id, json.loads(raw))
        self._answer(202 if refund else 400, {"id": refund["id"]} if refund else {})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(body).encode())

    def _page(self, text: str) -> None:
        self._send(200, "text/html; charset=utf-8", text.encode())

    def _send(self, status: int, kind: str, raw: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: request lines may hold ids of guests' payments."""

"""Stripe's HTTP: admission, idempotency keys, faults, and the notifications that follow."""

import json
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from .account import Accounts
from .books import API_VERSION, Books, Json
from .control import control
from .faults import Faults
from .form import decode
from .idempotency import Keys
from .notifier import Notifier
from .page import hosted
from .refusal import Refusal
from .routes import Request, serve

LARGEST = 1_000_000
Answer = tuple[int, Json]


class StripeServer(ThreadingHTTPServer):
    """Listens on this machine only. ``notify`` is where notifications are posted, signed with ``secrets``."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int = 0, notify: str | None = None, secrets: tuple[str, ...] = ()) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.behaviour = "normal"
        self.keys = Keys()
        self.faults = Faults()
        self.notifier = Notifier(notify, secrets)
        self.requests: Counter[str] = Counter()
        self.seen: list[tuple[str, dict[str, str], Json]] = []
        self._caused = threading.local()
        self.accounts = Accounts(self._happened, lambda: self.behaviour)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @contextmanager
    def request(self) -> Iterator[None]:
        """What happens in the block is notified together after it."""
        self._caused.events = []
        try:
            yield
        finally:
            events, self._caused.events = self._caused.events, []
            self.notifier.tell(events)

    def _happened(self, _books: Books, event: Json) -> None:
        self._caused.events.append(event)


class Handler(BaseHTTPRequestHandler):
    server: StripeServer
    replayed = False

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def _serve(self, method: str) -> None:
        size = min(int(self.headers.get("Content-Length") or 0), LARGEST)
        place, raw = urlsplit(self.path), self.rfile.read(size).decode(errors="replace")
        if place.path.startswith("/_sim/"):
            self._control(place.path, raw)
            return
        if place.path.startswith("/c/pay/"):
            self._show(method, place.path)
            return
        name = f"{method} {place.path}"
        fault = self.server.faults.next(name)
        self.server.requests[name] += 1
        if fault == "wait_before":
            self.server.faults.wait()
        if fault == "drop_before":
            self.close_connection = True
            return
        answer = _refused(fault) or self._answer(method, place.path, place.query, raw, fault)
        if fault == "drop_after":
            self.close_connection = True
            return
        self._send(*answer)

    def _answer(self, method: str, path: str, query: str, raw: str, fault: str | None) -> Answer:
        wish = decode(query) | decode(raw)
        self.server.seen.append((f"{method} {path}", dict(self.headers.items()), wish))
        try:
            books, public = self.server.accounts.admit(
                self.headers.get("Authorization", ""), self.headers.get("Stripe-Account")
            )
            request = Request(books, path, wish, public=public, base=self.server.base)
            key = self.headers.get("Idempotency-Key")
            if method != "POST" or not key:
                return self._perform(method, request, fault)
            return self._perform_once((books.account, books.livemode, key), request, raw, fault)
        except Refusal as refusal:
            return refusal.status, refusal.body

    def _perform_once(self, scope: tuple[str, bool, str], request: Request, raw: str, fault: str | None) -> Answer:
        """Keeps the answer under the key, errors of the work too; what failed validation is not kept."""
        kept = self.server.keys.claim(scope, f"{request.path}?{raw}")
        if kept is not None:
            self.replayed = True
            return kept
        answer: Answer | None = None
        try:
            answer = self._perform("POST", request, fault)
        except Refusal as refusal:
            if refusal.saved:
                answer = refusal.status, refusal.body
            raise
        finally:
            self.server.keys.end(scope, answer)
        return answer

    def _perform(self, method: str, request: Request, fault: str | None) -> Answer:
        with self.server.request():
            done = serve(method, request)
        if fault == "wait_after":
            self.server.faults.wait()
        return _error(500, "api_error") if fault == "error_after" else (200, done)

    def _control(self, path: str, raw: str) -> None:
        try:
            self._send(200, control(self.server, path, json.loads(raw or "{}")))
        except Refusal as refusal:
            self._send(refusal.status, refusal.body)
        except (ValueError, KeyError, TypeError) as wrong:
            self._send(400, {"error": {"message": repr(wrong)}})

    def _show(self, method: str, path: str) -> None:
        """Stripe's page for guests."""
        with self.server.request():
            status, page, elsewhere = hosted(self.server.accounts, method, path)
        raw = page.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(raw)))
        if elsewhere:
            self.send_header("Location", elsewhere)
        self.end_headers()
        with suppress(OSError):  # the guest has gone
            self.wfile.write(raw)

    def _send(self, status: int, body: Any) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.send_header("Request-Id", f"req_{secrets.token_hex(7)}")
        if self.replayed:
            self.send_header("Idempotent-Replayed", "true")
        self.send_header("Stripe-Version", self.headers.get("Stripe-Version", API_VERSION))
        self.end_headers()
        with suppress(OSError):  # the caller has given up
            self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: request lines may hold ids of guests' payments."""


def _refused(fault: str | None) -> Answer | None:
    """What a request meets before anything is done."""
    if fault == "busy":
        message = "Too many requests."
        return 429, {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": message}}
    return _error(500, "api_error") if fault == "error_before" else None


def _error(status: int, kind: str) -> Answer:
    return status, {"error": {"type": kind, "message": "Something went wrong on Stripe's end."}}

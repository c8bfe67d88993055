"""The relay's health and figures over HTTP, answered beside its loop."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .exposition import render
from .status import RelayStatus

__all__ = ["serve_health"]


def serve_health(status: RelayStatus, host: str, port: int) -> ThreadingHTTPServer:
    """Answer ``/health/live``, ``/health/ready`` and ``/metrics`` in a thread until ``shutdown()``."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            now = datetime.now(UTC)
            report = status.report(now)
            fine = {"/health/live": report["live"], "/health/ready": report["ready"]}
            if self.path == "/metrics":
                self._send(HTTPStatus.OK, "text/plain; version=0.0.4; charset=utf-8", render(status, now))
            elif self.path not in fine:
                self._answer(HTTPStatus.NOT_FOUND, {"code": "not_found"})
            else:
                good = bool(fine[self.path])
                self._answer(HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE, report)

        def _answer(self, code: HTTPStatus, body: dict[str, object]) -> None:
            self._send(code, "application/json", json.dumps(body))

        def _send(self, code: HTTPStatus, content_type: str, text: str) -> None:
            raw = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: object) -> None:
            """Keep probes out of the log."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server

"""Plain HTTP answers on the WebSocket port: health, metrics, and refused handshakes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.http11 import Response

__all__ = ["json_answer", "problem", "text_answer"]

_TITLES = {
    "token_invalid": "Token invalid",
    "token_expired": "Token expired",
    "device_revoked": "Device revoked",
    "session_revoked": "Session revoked",
    "permission_denied": "Permission denied",
    "rate_limited": "Rate limited",
    "unavailable": "Unavailable",
    "not_found": "Not found",
}


def json_answer(status: int, body: Mapping[str, object]) -> Response:
    """A JSON document."""
    return _answer(status, "application/json", json.dumps(body).encode())


def text_answer(body: str) -> Response:
    """A Prometheus exposition."""
    return _answer(200, "text/plain; version=0.0.4; charset=utf-8", body.encode())


def problem(status: int, code: str, detail: str, retry_after_s: int | None = None) -> Response:
    """A refused handshake, in the shape of the API's errors."""
    body = {
        "type": f"/api/v1/problems/{code}",
        "title": _TITLES[code],
        "status": status,
        "code": code,
        "detail": detail,
        "retryable": retry_after_s is not None,
    }
    answer = _answer(status, "application/problem+json", json.dumps(body).encode())
    if retry_after_s is not None:
        answer.headers["Retry-After"] = str(retry_after_s)
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = f'Bearer error="{code}"'
    return answer


def _answer(status: int, content_type: str, body: bytes) -> Response:
    headers = Headers(
        {
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Connection": "close",
        }
    )
    return Response(status, HTTPStatus(status).phrase, headers, body)

"""How an answer leaves: JSON bytes, entity tag, compression."""

import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from odoo.http import Response
from werkzeug.http import parse_accept_header

JSON = "application/json; charset=utf-8"
WORTH_COMPRESSING = 1400  # below one network packet nothing is won


@dataclass(slots=True)
class Answer:
    """An answer that needs more than a JSON value.

    ``body`` is a JSON value, or bytes that are ready to go (then ``compressed`` may hold the
    same bytes gzipped, and ``etag`` their tag). ``resource`` is the (type, uuid) that the request
    made or changed, kept with its idempotency record.

    ``afterwards`` runs once the request's transaction is committed and none is open, and returns the
    :class:`Answer` that is sent instead; for what must not happen in a transaction, such as asking a
    provider. It opens its own transactions, and is not run for a repetition of the request.
    """

    body: object = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = JSON
    compressed: bytes | None = None
    etag: str | None = None
    resource: tuple[str, str] | None = None
    afterwards: "Callable[[], Answer] | None" = None


def to_json(value):
    """Compact UTF-8 JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def entity_tag(body, raw):
    """``"v7"`` for a resource with a version, a hash of the bytes for anything else."""
    return _version_tag(body) or f'"{hashlib.blake2b(raw, digest_size=12).hexdigest()}"'


def respond(answer, status, httprequest, route, headers):
    """Build the HTTP response of ``answer``: 304 when the client has it, gzip when it helps."""
    raw = answer.body if isinstance(answer.body, bytes) else to_json(answer.body if answer.body is not None else {})
    headers = {**headers, **_caching_headers(answer, status, raw, httprequest, route), **answer.headers}
    headers["Vary"] = ", ".join(filter(None, ["Accept-Encoding, Authorization", headers.get("Vary")]))
    if status == 200 and "ETag" in headers and _client_has(headers["ETag"], httprequest):
        return _response(b"", 304, headers)
    headers["Content-Type"] = answer.media_type
    if len(raw) > WORTH_COMPRESSING and accepts_gzip(httprequest.headers.get("Accept-Encoding", "")):
        raw = answer.compressed or gzip.compress(raw, compresslevel=4, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return _response(raw, status, headers)


def respond_problem(problem_document, status, headers):
    """Build the HTTP response of a failure."""
    return _response(to_json(problem_document), status, {**headers, "X-Content-Type-Options": "nosniff"})


def accepts_gzip(accept_encoding):
    """Whether an ``Accept-Encoding`` header takes gzip; ``gzip;q=0`` refuses it."""
    offered = parse_accept_header(accept_encoding)
    return any(coding in {"gzip", "*"} and quality > 0 for coding, quality in offered) and (
        "gzip" not in dict(offered) or dict(offered)["gzip"] > 0
    )


def _caching_headers(answer, status, raw, httprequest, route):
    """A read may be kept and asked again by its tag; the answer to a write belongs to one request."""
    if httprequest.method in {"GET", "HEAD"} and status == 200:
        etag = answer.etag or entity_tag(answer.body, raw)
        return {"ETag": etag, "Cache-Control": route.cache_control}
    etag = _version_tag(answer.body)
    return {"Cache-Control": "no-store", **({"ETag": etag} if etag else {})}


def _version_tag(body):
    if isinstance(body, dict) and "id" in body and type(body.get("version")) is int:
        return f'"v{body["version"]}"'
    return None


def _client_has(etag, httprequest):
    """Compared weakly, as RFC 9110 §13.1.2 asks; a proxy that compresses makes tags weak."""
    if httprequest.method not in {"GET", "HEAD"}:
        return False
    return httprequest.if_none_match.contains_weak(etag.removeprefix("W/").strip('"'))


def _response(raw, status, headers):
    response = Response(raw, status=status)
    response.headers.pop("Content-Type", None)
    for name, value in headers.items():
        response.headers[name] = value
    return response

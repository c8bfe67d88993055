"""How an answer leaves: JSON bytes, entity tag, compression."""

import gzip
import hashlib
import json
from dataclasses import dataclass, field

from werkzeug.wrappers import Response as PlainResponse

from odoo.http import Response

JSON = "application/json; charset=utf-8"
WORTH_COMPRESSING = 1400  # below one network packet nothing is won


@dataclass(slots=True)
class Answer:
    """An answer that needs more than a JSON value.

    ``body`` is a JSON value, or bytes that are ready to go (then ``compressed`` may hold the
    same bytes gzipped, and ``etag`` their tag). ``resource`` is the (type, uuid) that the request
    made or changed, kept with its idempotency record.
    """

    body: object = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = JSON
    compressed: bytes | None = None
    etag: str | None = None
    resource: tuple[str, str] | None = None


def to_json(value):
    """Compact UTF-8 JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def entity_tag(body, raw):
    """``"v7"`` for a resource with a version, a hash of the bytes for anything else."""
    if isinstance(body, dict) and isinstance(body.get("version"), int) and "id" in body:
        return f'"v{body["version"]}"'
    return f'"{hashlib.blake2b(raw, digest_size=12).hexdigest()}"'


def respond(answer, status, httprequest, headers):
    """Build the HTTP response of ``answer``: 304 when the client has it, gzip when it helps."""
    raw = answer.body if isinstance(answer.body, bytes) else to_json(answer.body if answer.body is not None else {})
    headers = {**headers, **answer.headers}
    if httprequest.method in {"GET", "HEAD"} and status == 200:
        etag = answer.etag or entity_tag(answer.body, raw)
        headers["ETag"] = etag
        headers.setdefault("Cache-Control", "private, no-cache")
        if httprequest.if_none_match.contains(etag.strip('"')):
            return _response(b"", 304, headers)
    elif isinstance(answer.body, dict) and isinstance(answer.body.get("version"), int):
        headers["ETag"] = f'"v{answer.body["version"]}"'
    headers["Content-Type"] = answer.media_type
    headers["Vary"] = "Accept-Encoding, Authorization"
    if "gzip" in httprequest.headers.get("Accept-Encoding", "") and len(raw) > WORTH_COMPRESSING:
        raw = answer.compressed or gzip.compress(raw, compresslevel=4, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return _response(raw, status, headers)


def _response(raw, status, headers):
    response = Response(raw, status=status)
    response.headers.pop("Content-Type", None)
    for name, value in headers.items():
        response.headers[name] = value
    if status == 304:
        PlainResponse.set_data(response, b"")
        response.headers.pop("Content-Length", None)
    return response

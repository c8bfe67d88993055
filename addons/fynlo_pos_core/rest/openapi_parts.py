"""The parts of the OpenAPI document that are the same for every route."""

from __future__ import annotations

from typing import Any

from .route import ANYONE, PAIRED, Route

Json = dict[str, Any]

INFO: Json = {
    "title": "Fynlo POS",
    "summary": "The back end of restaurant tills.",
    "description": (
        "JSON in, JSON out. Every failure is an RFC 9457 problem document whose `code` is explained at "
        "`/api/v1/problems/{code}`. Every write but those of signing in carries an `Idempotency-Key`; the same key "
        "and body give the same answer. Money is whole minor units, times are RFC 3339 in UTC."
    ),
    "license": {"name": "LGPL-3.0-only", "identifier": "LGPL-3.0-only"},
}

TAGS = {
    "auth": "Signing in and out, tokens and sessions.",
    "catalogue": "Products, categories, modifiers, prices and the whole menu.",
    "customers": "Customers and their consents.",
    "devices": "Pairing tills and removing them.",
    "employees": "Who works here and what they may do.",
    "events": "What has changed, in order.",
    "kitchen": "Tickets on the kitchen's screens.",
    "orders": "Orders from the first line to completion.",
    "payments": "Taking money and giving it back.",
    "receipts": "Receipts and bills: read, printed, sent.",
    "settings": "How the business and its locations are set up.",
    "system": "Health, version, documentation and the outcome of earlier writes.",
    "tables": "Floors and tables.",
    "till sessions": "Opening, counting and closing the cash drawer.",
}

SECURITY_SCHEMES: Json = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The access token of a signed-in employee.",
    },
    "device": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "The word `Device`, a space and the device key that pairing gave: `Device fd_…`.",
    },
}


def security_of(route: Route) -> list[Json]:
    """Which credentials open ``route``."""
    if route.permission == ANYONE:
        return []
    if route.permission == PAIRED:
        return [{"device": []}, {"bearer": []}]
    return [{"bearer": []}]


PARAMETERS: Json = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "Chosen by the client, new for each new request; a repetition carries the same one.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        "example": "0192f0a1-7c3e-7b44-9d55-2f6b1c0e8a70",
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The `ETag` of the record as the client knows it.",
        "schema": {"type": "string", "pattern": '^((W/)?"v?[0-9]{1,9}"|[0-9]{1,9}|\\*)$'},
        "example": '"v3"',
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "The `ETag` of the answer that the client has; the same one is answered 304.",
        "schema": {"type": "string"},
        "example": '"v2"',
    },
    "XRequestID": {
        "name": "X-Request-ID",
        "in": "header",
        "required": False,
        "description": "Echoed and logged when it is 8 to 128 letters, digits, `_ . : -`; made otherwise.",
        "schema": {"type": "string"},
        "example": "till-4.20261122:0001",
    },
}

_WHOLE: Json = {"type": "integer", "minimum": 0}
HEADERS: Json = {
    "ETag": {"description": "The tag of this state of the resource.", "schema": {"type": "string"}},
    "IdempotentReplayed": {
        "description": "`true` when the answer is that of an earlier request.",
        "schema": {"type": "string", "const": "true"},
    },
    "RateLimitLimit": {"description": "Requests that may be sent at once.", "schema": _WHOLE},
    "RateLimitRemaining": {"description": "Requests left of these.", "schema": _WHOLE},
    "RateLimitReset": {"description": "Seconds until the allowance is whole again.", "schema": _WHOLE},
    "RetryAfter": {"description": "Seconds to wait before the next attempt.", "schema": _WHOLE},
    "WWWAuthenticate": {"description": "The scheme to sign in with.", "schema": {"type": "string"}},
    "XRequestID": {"description": "The request's name in our logs.", "schema": {"type": "string"}},
}

PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457 problem document.",
    "required": ["type", "title", "status", "code", "detail", "request_id", "retryable", "errors"],
    "properties": {
        "type": {"type": "string", "description": "The page that explains the code."},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "pattern": "^[a-z0-9_]+$"},
        "detail": {"type": "string", "description": "For people; may change."},
        "request_id": {"type": "string"},
        "retryable": {"type": "boolean", "description": "Whether the same request may succeed later."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "current": {"description": "With `version_conflict`: the record as it is now."},
        "conflicting_fields": {"type": "array", "items": {"type": "string"}},
    },
}

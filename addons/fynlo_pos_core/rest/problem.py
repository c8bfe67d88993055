"""Expected failures, shown to API clients as RFC 9457 problem documents.

Raise a :class:`Problem` anywhere below a controller. The dispatcher turns it into
``application/problem+json``; the back office shows the same sentence in a dialog,
because a Problem is a ``UserError``.
"""

import logging
from dataclasses import dataclass

import psycopg2
from odoo.exceptions import UserError
from psycopg2.pool import PoolError
from werkzeug.exceptions import HTTPException

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of failure: what it means and what a till should do about it."""

    code: str
    status: int
    title: str
    meaning: str
    advice: str
    retryable: bool = False


#: Every code the API may answer with; addons add theirs with :func:`declare`.
PROBLEM_TYPES: dict[str, ProblemType] = {}


def declare(code, status, title, meaning, advice, *, retryable=False):
    """Register a code. It appears at ``/api/v1/problems/{code}`` and in the OpenAPI document."""
    PROBLEM_TYPES[code] = ProblemType(code, status, title, meaning, advice, retryable)


class Problem(UserError):
    """A failure the client can act on. ``code`` is stable; ``detail`` is for people.

    ``errors`` lists ``{"field", "code", "detail"}``; other keywords become members of the
    document (``current``, ``allowed``…); ``headers`` go with the answer. A ``lasting`` refusal
    keeps what its request wrote (a counted attempt, a revoked sign-in); any other undoes it.
    """

    #: The request's own log line tells of it; Odoo's line would repeat the sentence as a warning.
    loglevel = logging.DEBUG

    def __init__(self, code, detail, *, errors=(), headers=None, lasting=False, **members):
        super().__init__(detail)
        self.lasting = lasting
        self.kind = PROBLEM_TYPES[code]
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.members = members

    @property
    def code(self):
        return self.kind.code

    @property
    def http_status(self):
        return self.kind.status


class NotFound(Problem):
    """The record does not exist, or this caller may not know that it does."""

    def __init__(self, detail="There is nothing here.", **members):
        super().__init__("not_found", detail, **members)


class Invalid(Problem):
    """The request is well formed but a field or a business rule refuses it."""

    def __init__(self, detail, *, code="validation_failed", field=None, **members):
        errors = members.pop("errors", None) or ([{"field": field, "code": code, "detail": detail}] if field else ())
        super().__init__(code, detail, errors=errors, **members)


_HTTP_CODES = {
    401: "token_missing",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
}
DATABASE_AWAY = (psycopg2.OperationalError, psycopg2.InterfaceError, PoolError)
_ODOO_CODES = {403: "permission_denied", 404: "not_found", 409: "operation_in_progress"}


def as_problem(exc):
    """Any exception as a :class:`Problem`, telling outsiders nothing new.

    The text of an unexpected exception goes to the log, never to the client.
    """
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, UserError):
        return _from_odoo(exc)
    if isinstance(exc, HTTPException) and exc.code:
        code = _HTTP_CODES.get(exc.code, "malformed_request" if exc.code < 500 else "internal_error")
        return Problem(code, PROBLEM_TYPES[code].meaning)
    if isinstance(exc, DATABASE_AWAY) or type(exc) is psycopg2.DatabaseError:  # bare: a pooled connection was cut
        return Problem("unavailable", PROBLEM_TYPES["unavailable"].meaning, headers={"Retry-After": "2"})
    return Problem("internal_error", PROBLEM_TYPES["internal_error"].meaning)


def _from_odoo(exc):
    """Odoo's own refusals; its access errors name groups and records, so their text is dropped."""
    code = _ODOO_CODES.get(getattr(exc, "http_status", 422), "validation_failed")
    detail = str(exc.args[0]) if code == "validation_failed" and exc.args else PROBLEM_TYPES[code].meaning
    return Problem(code, detail)


def document(problem, request_id):
    """The problem as the JSON object that goes to the client."""
    kind = problem.kind
    body = {
        "type": f"/api/v1/problems/{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "code": kind.code,
        "detail": str(problem.args[0]),
        "request_id": request_id,
        "retryable": kind.retryable,
        "errors": list(problem.errors),
    }
    return {**body, **problem.members}


def challenge(code):
    """The ``WWW-Authenticate`` of a 401 (RFC 6750 §3): no error is named when no token was sent."""
    if code == "token_missing":
        return 'Bearer realm="fynlo"'
    return f'Bearer realm="fynlo", error="invalid_token", error_description="{code}"'


_RESEND = "Send the same request again with the same Idempotency-Key after Retry-After seconds."
_FIX = "Do not send it again unchanged: correct the request. It is a defect of the client or of its data."

declare("malformed_json", 400, "Malformed JSON", "The body is not valid JSON.", _FIX)
declare("malformed_request", 400, "Malformed request", "The request cannot be understood.", _FIX)
declare("validation_failed", 422, "Validation failed", "A field or a business rule refuses the request.", _FIX)
declare("unsupported_media_type", 415, "Unsupported media type", "Bodies must be sent as application/json.", _FIX)
declare("body_too_large", 413, "Body too large", "The body is larger than this route accepts.", "Send less at once.")
declare(
    "not_found", 404, "Not found", "There is nothing here, or this sign-in may not see it.", "Refresh the till's data."
)
declare("method_not_allowed", 405, "Method not allowed", "This path does not take that method.", _FIX)
declare("token_missing", 401, "Not signed in", "The request carries no token.", "Sign in.")
declare("token_invalid", 401, "Token not valid", "The token is not one of ours, or it was revoked.", "Sign in again.")
declare(
    "token_expired", 401, "Token expired", "The access token's time is over.", "Refresh it and send the request again."
)
declare("device_revoked", 401, "Device revoked", "A manager removed this device.", "Forget its key and pair it again.")
declare("permission_denied", 403, "Not permitted", "This sign-in may not do that.", "Ask a manager, or sign in as one.")
declare(
    "approval_required",
    403,
    "Approval required",
    "A manager must approve this first.",
    "Ask for an approval and repeat with it.",
)
declare(
    "idempotency_key_missing", 400, "Idempotency-Key missing", "Every write carries an Idempotency-Key header.", _FIX
)
declare(
    "idempotency_key_reused",
    422,
    "Idempotency-Key reused",
    "The key was used for a different request.",
    "Use a new key for a new request.",
)
declare(
    "operation_in_progress",
    409,
    "Operation in progress",
    "The same request is being worked on.",
    _RESEND,
    retryable=True,
)
declare(
    "version_conflict",
    409,
    "Version conflict",
    "The record has changed since the client read it.",
    "Show what changed, then repeat on the current version.",
)
declare(
    "illegal_transition",
    409,
    "Not possible in this state",
    "The record's state does not allow that step.",
    "Refresh and offer only the allowed steps.",
)
declare(
    "rate_limited",
    429,
    "Too many requests",
    "This device or user sent too much at once.",
    "Wait Retry-After seconds.",
    retryable=True,
)
declare(
    "unavailable", 503, "Temporarily unavailable", "A part of the system is away for a moment.", _RESEND, retryable=True
)
declare(
    "internal_error",
    500,
    "Internal error",
    "Something went wrong on our side.",
    _RESEND + " Tell support the request_id.",
    retryable=True,
)

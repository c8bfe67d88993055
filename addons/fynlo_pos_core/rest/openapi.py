"""The OpenAPI 3.1 document of the API, made from its routes and their shapes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from odoo.modules import get_manifest
from pydantic import TypeAdapter

from .example import example_of
from .openapi_parts import HEADERS, INFO, PARAMETERS, PROBLEM, SECURITY_SCHEMES, TAGS, security_of
from .problem import CONTENT_TYPE, PROBLEM_TYPES
from .route import ANYONE, SIGNED_IN, STAND_INS, Route

Json = dict[str, Any]

REF = "#/components/schemas/{model}"
CONVERTER = re.compile(r"<(?:(?P<kind>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
PATH_KINDS: dict[str | None, Json] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
}
PLAIN_TEXT: Json = {"type": "string", "minLength": 1}
CHANGES = frozenset({"PATCH", "PUT", "DELETE"})
SIGN_IN_CODES = ("token_missing", "token_invalid", "token_expired", "device_revoked")


def document(env: Any) -> Json:
    """The OpenAPI document of what ``env``'s database serves. The same routes give the same text."""
    return build(env["ir.http"]._fynlo_routes(), get_manifest("fynlo_pos_core")["version"])


def write(env: Any, path: str | Path) -> None:
    """Write the document to ``path``, in the form that is kept under version control."""
    Path(path).write_text(to_text(document(env)), encoding="utf-8")


def to_text(spec: Json) -> str:
    return json.dumps(spec, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def build(routes: Iterable[Route], version: str) -> Json:
    """The document of ``routes``."""
    routes = list(routes)
    schemas, components = _schemas(routes)
    paths: dict[str, Json] = {}
    for route in routes:
        operation = _operation(route, schemas, components)
        paths.setdefault(template(route.path), {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {**INFO, "version": version},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag, "description": TAGS.get(tag, tag)} for tag in sorted({r.tag for r in routes})],
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": PROBLEM},
            "parameters": PARAMETERS,
            "responses": _failures(routes),
            "examples": _problem_examples(routes),
            "headers": HEADERS,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def template(path: str) -> str:
    """``/orders/<uuid:order_id>:send`` as ``/orders/{order_id}:send``."""
    return CONVERTER.sub(lambda found: f"{{{found['name']}}}", path)


#: How a body can be refused before its route is asked.
READING_CODES = {"malformed_json", "unsupported_media_type", "body_too_large", "card_number_refused"}


def problem_codes(route: Route) -> list[str]:
    """Every problem code that ``route`` may answer with."""
    codes = {"validation_failed", "malformed_request", "rate_limited", "unavailable", "internal_error", *route.errors}
    if route.permission != ANYONE:
        codes |= {*SIGN_IN_CODES, "permission_denied"}
    if "<" in route.path or (route.body and route.permission != ANYONE):
        codes.add("not_found")  # of the path itself, or of a record that the body names
    if route.writes:
        codes |= {"body_too_large"} if route.raw else READING_CODES
    if route.remembered:
        codes |= {"idempotency_key_missing", "idempotency_key_reused", "operation_in_progress"}
    if route.method in CHANGES:
        codes |= {"version_conflict", "not_found"}
    return sorted(codes)


# --- schemas -----------------------------------------------------------------------------


def _schemas(routes: list[Route]) -> tuple[dict[Any, Json], Json]:
    """The schema of each route's body, query and answer, and the components that they share."""
    inputs: list[Any] = []
    for route in routes:
        inputs += [
            ((route.name, part), mode, TypeAdapter(shape))
            for part, mode, shape in (
                ("body", "validation", route.body),
                ("query", "validation", route.query),
                ("returns", "serialization", route.returns),
            )
            if shape is not None
        ]
    if not inputs:
        return {}, {}
    found, definitions = TypeAdapter.json_schemas(inputs, ref_template=REF)
    return {key: schema for (key, _mode), schema in found.items()}, dict(sorted(definitions.get("$defs", {}).items()))


def _resolve(schema: Json, components: Json) -> Json:
    while "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    return schema


# --- one operation -----------------------------------------------------------------------


def _operation(route: Route, schemas: dict[Any, Json], components: Json) -> Json:
    operation: Json = {
        "operationId": operation_id(route),
        "summary": route.summary,
        "description": _who(route),
        "tags": [route.tag],
        "security": security_of(route),
        "parameters": _parameters(route, schemas.get((route.name, "query")), components),
        "responses": _responses(route, schemas.get((route.name, "returns")), components),
    }
    body = schemas.get((route.name, "body"))
    if body is not None:
        shown = route.example if route.example is not None else example_of(body, components)
        operation["requestBody"] = {
            "required": bool(_resolve(body, components).get("required")),
            "content": {kind: {"schema": body, "example": shown} for kind in route.media_types},
        }
    elif route.raw:
        operation["requestBody"] = {"required": True, "content": {"*/*": {"schema": {"type": "string"}}}}
    if route.deprecated:
        operation["deprecated"] = True
    return operation


def operation_id(route: Route) -> str:
    """A stable name for generated clients, e.g. ``post_orders_order_id_send``."""
    words = re.findall(r"[A-Za-z0-9]+", template(route.path).removeprefix("/api/v1"))
    return "_".join([route.method.lower(), *words])


def _who(route: Route) -> str:
    if route.permission == ANYONE:
        return "Open to anyone."
    if route.permission == SIGNED_IN:
        return "For any signed-in employee."
    if route.permission in STAND_INS:
        return "For a paired device, with or without an employee."
    return f"Needs the permission `{route.permission}`."


def _parameters(route: Route, query: Json | None, components: Json) -> list[Json]:
    parameters = [
        {"name": found["name"], "in": "path", "required": True, "schema": PATH_KINDS.get(found["kind"], PLAIN_TEXT)}
        for found in CONVERTER.finditer(route.path)
    ]
    if query:
        shape = _resolve(query, components)
        needed = shape.get("required", [])
        parameters += [
            {"name": name, "in": "query", "required": name in needed, "schema": schema}
            for name, schema in shape.get("properties", {}).items()
        ]
    names = ["XRequestID"]
    names += ["IdempotencyKey"] if route.remembered else []
    names += ["IfMatch"] if route.method in CHANGES else []
    names += ["IfNoneMatch"] if not route.writes else []
    return parameters + [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _responses(route: Route, returns: Json | None, components: Json) -> Json:
    statuses = [route.status, *([202] if route.may_wait else [])]
    responses = {str(status): _success(route, returns, components) for status in statuses}
    if not route.writes:
        responses["304"] = {"description": "The client has this already.", "headers": _headers("ETag", "XRequestID")}
    for status, codes in _codes_by_status(route).items():
        responses[str(status)] = {"$ref": f"#/components/responses/{_failure_name(status, codes)}"}
    return responses


def _codes_by_status(route: Route) -> dict[int, list[str]]:
    by_status: dict[int, list[str]] = {}
    for code in problem_codes(route):
        by_status.setdefault(PROBLEM_TYPES[code].status, []).append(code)
    return dict(sorted(by_status.items()))


def _failure_name(status: int, codes: list[str]) -> str:
    return f"{status}.{'.'.join(codes)}"


def _failures(routes: list[Route]) -> Json:
    """Each combination of codes that some route may answer with one status."""
    found = {
        _failure_name(status, codes): _failure(status, codes)
        for route in routes
        for status, codes in _codes_by_status(route).items()
    }
    return dict(sorted(found.items()))


def _success(route: Route, returns: Json | None, components: Json) -> Json:
    schema = returns if returns is not None else {"type": "object"}
    content: Json = {}
    for kind in route.answer_types:
        if kind == "application/json":
            content[kind] = {"schema": schema, "example": example_of(schema, components)}
        else:
            content[kind] = {"schema": {"type": "string"}} if kind.startswith("text/") else {}
    names = ["XRequestID", "ETag", "RateLimitLimit", "RateLimitRemaining", "RateLimitReset"]
    names += ["IdempotentReplayed"] if route.remembered else []
    return {"description": route.summary, "headers": _headers(*names), "content": content}


def _failure(status: int, codes: list[str]) -> Json:
    names = ["XRequestID"]
    names += ["RetryAfter"] if status in {429, 503} or "operation_in_progress" in codes else []
    names += ["WWWAuthenticate"] if status == 401 else []
    kinds = [PROBLEM_TYPES[code] for code in codes]
    return {
        "description": " · ".join(f"`{kind.code}`: {kind.meaning}" for kind in kinds),
        "headers": _headers(*names),
        "content": {
            CONTENT_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }


def _problem_examples(routes: list[Route]) -> Json:
    """One problem document for each code that the routes may answer with."""
    codes = sorted({code for route in routes for code in problem_codes(route)})
    return {code: {"value": _problem_example(code)} for code in codes}


def _problem_example(code: str) -> Json:
    kind = PROBLEM_TYPES[code]
    return {
        "type": f"/api/v1/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "code": code,
        "detail": kind.meaning,
        "request_id": "0192f0a1-7c3e-7b44-9d55-2f6b1c0e8a77",
        "retryable": kind.retryable,
        "errors": [],
    }


def _headers(*names: str) -> Json:
    shown = {"XRequestID": "X-Request-ID", "RetryAfter": "Retry-After", "WWWAuthenticate": "WWW-Authenticate"}
    shown |= {"IdempotentReplayed": "Idempotent-Replayed", "RateLimitLimit": "RateLimit-Limit"}
    shown |= {"RateLimitRemaining": "RateLimit-Remaining", "RateLimitReset": "RateLimit-Reset"}
    return {shown.get(name, name): {"$ref": f"#/components/headers/{name}"} for name in names}

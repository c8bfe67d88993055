"""What a request carries: its body and its query fields, read strictly into shapes."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from .card_guard import refuse_card_numbers
from .problem import PROBLEM_TYPES, Invalid, Problem
from .route import Route
from .shapes import EmptyQuery, EmptyShape

Parsed = TypeVar("Parsed", bound=BaseModel)

#: An escaped NUL inside a JSON string. PostgreSQL text cannot hold one.
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def read_raw(httprequest: Any, route: Route) -> bytes:
    """The body's bytes, within the route's size and of the route's media type.

    The dispatcher lets werkzeug read one byte more than the route takes: it refuses a declared
    length beyond that, but a body sent in chunks it cuts there without a word.
    """
    raw: bytes = httprequest.get_data(cache=True)
    if len(raw) > route.max_body:
        raise Problem("body_too_large", f"This route takes up to {route.max_body} bytes.")
    if raw and not route.raw and httprequest.mimetype not in route.media_types:
        raise Problem("unsupported_media_type", f"Send the body as {' or '.join(route.media_types)}.")
    return raw


def read_body(route: Route, raw: bytes) -> dict[str, Any]:
    """The handler's ``body`` argument, or ``raw``; a route without a shape takes no field at all."""
    if route.raw:
        return {"raw": raw}
    refuse_card_numbers(raw)
    if route.body:
        return {"body": parse(route.body, raw or b"{}")}
    if "application/json" in route.media_types:
        parse(EmptyShape, raw or b"{}")
    return {}


def read_query(route: Route, arguments: Any) -> dict[str, Any]:
    """The handler's ``query`` argument. An unknown or a repeated field is refused."""
    shape = route.query or EmptyQuery
    given = arguments.to_dict(flat=False)
    repeated = [name for name, values in given.items() if len(values) > 1]
    if repeated and shape.model_config.get("extra") == "forbid":
        raise Invalid("A query field may be given once.", code="validation_failed", field=repeated[0])
    fields = {name: values[0] for name, values in given.items()}
    if any("\0" in text for text in (*fields, *fields.values())):
        raise Invalid("A query field holds a NUL character.", field="query")
    try:
        query = shape.model_validate(fields)
    except ValidationError as exc:
        raise invalid_fields(exc, "query") from exc
    return {"query": query} if route.query else {}


def parse(shape: type[Parsed], raw: bytes) -> Parsed:
    """The body as ``shape``, or a problem that names every wrong field."""
    if _ESCAPED_NUL.search(raw):
        raise Invalid("The body holds a NUL character.", field="body")
    try:
        return shape.model_validate_json(raw)
    except ValidationError as exc:
        if exc.errors(include_url=False, include_input=False, include_context=False)[0]["type"] == "json_invalid":
            raise Problem("malformed_json", "The body is not valid JSON.") from exc
        raise invalid_fields(exc, sent=json.loads(raw)) from exc


def invalid_fields(exc: ValidationError, whole: str = "body", sent: Any = None) -> Invalid:
    """A pydantic refusal with one entry a field; the values are not echoed.

    It is a ``validation_failed``, unless all that is wrong has one code of its own. ``sent`` is the
    JSON value that was refused.
    """
    errors = [
        {"field": _field_path(error["loc"], sent) or whole, "code": error["type"], "detail": error["msg"]}
        for error in exc.errors(include_url=False, include_input=False, include_context=False)
    ]
    codes = {error["code"] for error in errors}
    if len(codes) == 1 and codes <= PROBLEM_TYPES.keys():
        return Invalid(errors[0]["detail"], code=codes.pop(), errors=errors)
    return Invalid("Some fields are not valid.", errors=errors)


def _field_path(location: tuple[int | str, ...], sent: Any) -> str:
    """``("lines", 0, "quantity")`` as ``lines[0].quantity``.

    Where a field takes one of several shapes, pydantic puts the shape's name in between; it is no
    key of what was ``sent``.
    """
    path = ""
    for place, part in enumerate(location):
        if isinstance(part, int):
            path, sent = f"{path}[{part}]", sent[part] if isinstance(sent, list) else None
        elif not isinstance(sent, dict) or part in sent or place == len(location) - 1:
            path, sent = f"{path}.{part}", sent.get(part) if isinstance(sent, dict) else None
    return path.lstrip(".")

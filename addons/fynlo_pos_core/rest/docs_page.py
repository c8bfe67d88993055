"""The OpenAPI document arranged for a page that people read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .problem import CONTENT_TYPE

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One field of a shape, as a line of a table."""

    name: str
    kind: str
    needed: bool
    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    who: str
    parameters: list[FieldLine]
    body: list[FieldLine]
    answer: list[FieldLine]
    answer_status: str
    answer_example: str
    problems: list[tuple[str, list[str]]]
    curl: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """The endpoints of one tag."""

    name: str
    text: str
    operations: list[Operation]

    @property
    def anchor(self) -> str:
        return self.name.replace(" ", "-")


def read_chapters(spec: Json) -> list[Chapter]:
    """The document's operations by tag."""
    return [
        Chapter(
            tag["name"],
            tag["description"],
            [
                _operation(path, method, operation, spec["components"])
                for path, methods in spec["paths"].items()
                for method, operation in methods.items()
                if tag["name"] in operation["tags"]
            ],
        )
        for tag in spec["tags"]
    ]


def _operation(path: str, method: str, operation: Json, components: Json) -> Operation:
    status, success = next((code, found) for code, found in operation["responses"].items() if code < "300")
    answer = success["content"].get("application/json", {})
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        who=operation["description"].replace("`", ""),
        parameters=[_parameter(parameter, components) for parameter in operation["parameters"]],
        body=_fields(body.get("schema", {}), components["schemas"]),
        answer=_fields(answer.get("schema", {}), components["schemas"]),
        answer_status=status,
        answer_example=_pretty(answer["example"]) if "example" in answer else "",
        problems=[
            (code, _codes(found, components["responses"]))
            for code, found in operation["responses"].items()
            if code >= "400"
        ],
        curl=_curl(path, method, operation, body),
    )


def _codes(failure: Json, responses: Json) -> list[str]:
    return list(responses[failure["$ref"].rpartition("/")[2]]["content"][CONTENT_TYPE]["examples"])


def _parameter(parameter: Json, components: Json) -> FieldLine:
    if "$ref" in parameter:
        parameter = components["parameters"][parameter["$ref"].rpartition("/")[2]]
    text = parameter.get("description", "").replace("`", "")
    kind = f"{parameter['in']}: {_kind(parameter['schema'])}"
    return FieldLine(parameter["name"], kind, parameter.get("required", False), text)


def _fields(schema: Json, schemas: Json, prefix: str = "", depth: int = 0) -> list[FieldLine]:
    """The fields of a shape and of the shapes inside it, four levels deep."""
    schema = _resolve(schema, schemas)
    lines: list[FieldLine] = []
    for name, part in schema.get("properties", {}).items():
        needed = name in schema.get("required", [])
        lines.append(FieldLine(prefix + name, _kind(part), needed, part.get("description", "")))
        inner, mark = _inner(part, schemas)
        if inner and depth < 3 and not _is_money(inner):
            lines += _fields(inner, schemas, f"{prefix}{name}{mark}.", depth + 1)
    return lines


def _inner(part: Json, schemas: Json) -> tuple[Json | None, str]:
    """The object inside a field, and ``[]`` when there is a list of them."""
    part = _resolve(_without_null(part), schemas)
    if part.get("type") == "array":
        return _inner(part.get("items", {}), schemas)[0], "[]"
    return (part, "") if "properties" in part else (None, "")


def _is_money(schema: Json) -> bool:
    return set(schema["properties"]) == {"amount", "currency"}


def _resolve(schema: Json, schemas: Json) -> Json:
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return schema


def _without_null(part: Json) -> Json:
    choices: list[Json] = [choice for choice in part.get("anyOf", []) if choice.get("type") != "null"]
    return choices[0] if len(choices) == 1 else part


def _kind(part: Json) -> str:
    """A field's type in a few words."""
    if "anyOf" in part:
        return " or ".join(_kind(choice) for choice in part["anyOf"])
    if "$ref" in part:
        return str(part["$ref"].rpartition("/")[2])
    if "enum" in part:
        return " | ".join(str(value) for value in part["enum"])
    if "const" in part:
        return str(part["const"])
    if part.get("type") == "array":
        return f"list of {_kind(part.get('items', {}))}"
    return str(part.get("format") or part.get("type") or "any")


def _curl(path: str, method: str, operation: Json, body: Json) -> str:
    lines = [f"curl -X {method.upper()} $FYNLO{path}"] if method != "get" else [f"curl $FYNLO{path}"]
    if operation["security"]:
        scheme = "Device $DEVICE_KEY" if "device" in operation["security"][0] else "Bearer $TOKEN"
        lines.append(f"-H 'Authorization: {scheme}'".replace("'", '"'))
    if {"$ref": "#/components/parameters/IdempotencyKey"} in operation["parameters"]:
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    if body:
        lines += ['-H "Content-Type: application/json"', f"-d '{_pretty(body['example'])}'"]
    return " \\\n  ".join(lines)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)

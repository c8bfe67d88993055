"""A readable example of a JSON schema: given examples first, then one made from the schema."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

MAX_DEPTH = 8
BY_FORMAT = {
    "uuid": "0192f0a1-7c3e-7b44-9d55-2f6b1c0e8a77",
    "date-time": "2026-11-22T19:02:11.250Z",
    "date": "2026-11-22",
    "time": "19:02:11",
    "email": "alex@example.com",
    "uri": "https://example.com/",
    "binary": "",
}


def example_of(schema: Json, components: Json, depth: int = 0) -> Any:
    """A value of ``schema``. ``components`` holds what its references name."""
    if "$ref" in schema and "examples" not in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("default") is not None:
        return schema["default"]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return _of_choices(schema[choice], components, depth)
    return _of_type(schema, components, depth)


def _of_choices(choices: list[Json], components: Json, depth: int) -> Any:
    """The first choice that says something; ``null`` where an optional part would nest too deep."""
    if depth >= MAX_DEPTH and {"type": "null"} in choices:
        return None
    spoken = [choice for choice in choices if choice.get("type") != "null"]
    return example_of(spoken[0], components, depth) if spoken else None


def _of_type(schema: Json, components: Json, depth: int) -> Any:
    kind = schema.get("type")
    if kind == "object":
        return _of_object(schema, components, depth)
    if kind == "array":
        wanted = max(1, schema.get("minItems", 0)) if depth < MAX_DEPTH else schema.get("minItems", 0)
        return [example_of(schema.get("items", {}), components, depth + 1) for _turn in range(wanted)]
    if kind in {"integer", "number"}:
        return schema.get("minimum", schema.get("exclusiveMinimum", 0) + ("exclusiveMinimum" in schema))
    if kind == "boolean":
        return False
    if kind == "string":
        return _of_string(schema)
    return None


def _of_object(schema: Json, components: Json, depth: int) -> Json:
    needed = schema.get("required", [])
    return {
        name: example_of(part, components, depth + 1)
        for name, part in schema.get("properties", {}).items()
        if depth < MAX_DEPTH or name in needed
    }


def _of_string(schema: Json) -> str:
    if schema.get("format") in BY_FORMAT:
        return BY_FORMAT[schema["format"]]
    return "text".ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", 200)]

"""The AsyncAPI document as a judge: whether a message is one that it describes."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import yaml  # type: ignore[import-untyped]
from jsonschema import Draft7Validator

from .processes import ROOT


@cache
def document() -> dict[str, Any]:
    """The document as JSON: what YAML reads as a number or a date is a text there."""
    loaded: dict[str, Any] = json.loads(json.dumps(yaml.safe_load((ROOT / "docs/api/asyncapi.yaml").read_text())))
    return loaded


@cache
def validator(message: str) -> Draft7Validator:
    """AsyncAPI's own schemas are JSON Schema draft 7."""
    schema = {"$ref": f"#/components/messages/{message}/payload", "components": document()["components"]}
    return Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)


def messages(operation: str) -> dict[tuple[str, str], str]:
    """The names of an operation's messages by how they are told apart: field and value."""
    found = {}
    for reference in document()["operations"][operation]["messages"]:
        name = reference["$ref"].rpartition("/")[2]
        properties = document()["components"]["messages"][name]["payload"]["properties"]
        for field in ("op", "type"):
            if "const" in properties.get(field, {}):
                found[field, properties[field]["const"]] = name
    return found


def check_from_gateway(message: dict[str, Any]) -> None:
    """Raise ``ValidationError`` or ``KeyError`` unless the document says that the gateway sends this."""
    known = messages("toClient")
    name = known["op", message["op"]] if "op" in message else known.get(("type", message["type"]), "event")
    validator(name).validate(message)
    undocumented = message.keys() - document()["components"]["messages"][name]["payload"]["properties"].keys()
    assert not undocumented, f"{name} has {undocumented}, which the document does not name"

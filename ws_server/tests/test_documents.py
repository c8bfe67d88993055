"""The protocol documents say what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pydantic
import pytest
import yaml  # type: ignore[import-untyped]
from asyncapi3 import AsyncAPI3
from jsonschema import Draft7Validator, ValidationError

from ws_server.gateway.client_messages import _READERS, OFFSET_MOST, BadMessage, parse
from ws_server.gateway.close_codes import ADVICE, CloseCode
from ws_server.gateway.token_verifier import TOKEN_MOST_CHARS
from ws_server.relay.event import CONTROL_TYPES

from .processes import ROOT
from .protocol_document import check_from_gateway, document, validator

EVENTS = (ROOT / "docs/events.md").read_text()
CODE = {path: path.read_text() for path in Path(ROOT, "ws_server").glob("*/*.py")}
GATEWAY = "\n".join(text for path, text in CODE.items() if path.parent.name == "gateway")


@pytest.fixture(scope="module")
def asyncapi() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "docs/api/asyncapi.yaml").read_text())
    return document


def constants(asyncapi: dict[str, Any], operation: str, field: str) -> set[str]:
    """The values of ``op`` or ``type`` that the messages of an operation are known by."""
    found = set()
    for reference in asyncapi["operations"][operation]["messages"]:
        properties = resolve(asyncapi, reference)["payload"]["properties"]
        found.add(properties.get(field, {}).get("const"))
    return found - {None}


def resolve(document: dict[str, Any], node: dict[str, Any]) -> Any:
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [r for child in node.values() for r in references(child)]
    return [r for child in node for r in references(child)] if isinstance(node, list) else []


def test_a_parser_of_asyncapi_understands_it(asyncapi: dict[str, Any]) -> None:
    document = AsyncAPI3.model_validate(asyncapi)
    assert set(document.channels.root) == {"connection"}
    for broken in (
        {"asyncapi": "2.6.0"},
        {"info": {}},
        {"surprise": 1},
        {"operations": {"fromClient": {"action": "shout"}}},
    ):
        with pytest.raises(pydantic.ValidationError):
            AsyncAPI3.model_validate({**asyncapi, **broken})


def test_every_reference_leads_somewhere(asyncapi: dict[str, Any]) -> None:
    assert asyncapi["asyncapi"] == "3.0.0"
    for reference in references(asyncapi):
        assert resolve(asyncapi, {"$ref": reference})
    messages = set(asyncapi["components"]["messages"])
    assert messages == set(asyncapi["channels"]["connection"]["messages"])


def test_payloads_are_json_schemas_and_examples_fit() -> None:
    for name, message in document()["components"]["messages"].items():
        Draft7Validator.check_schema(message["payload"])
        for example in message.get("examples", ()):
            validator(name).validate(example["payload"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"op": "subscribed", "topic": "t", "epoch": "x", "offset": -1, "recovered": True},
        {"op": "refreshed", "expires_at": "2026-11-22T19:15:00Z"},
        {"op": "refreshed", "expires_at": "tomorrow", "removed_topics": []},
        {"op": "error", "code": "whatever", "detail": ""},
        {"op": "pong", "extra": 1},
        {"topic": "t", "offset": 1, "id": "x", "type": "order.updated", "at": "2026-11-22T19:15:00Z"},
    ],
)
def test_the_document_refuses_what_it_does_not_say(wrong: dict[str, Any]) -> None:
    with pytest.raises((ValidationError, AssertionError)):
        check_from_gateway(wrong)


@pytest.mark.parametrize("message", ["subscribe", "auth", "ack", "refresh", "unsubscribe"])
def test_client_messages_without_what_is_required_are_refused(message: str) -> None:
    schema = document()["components"]["messages"][message]["payload"]
    for missing in set(schema["required"]) - {"op"}:
        with pytest.raises(BadMessage):
            parse(json.dumps({"op": message, "token": "t", "topic": "t", "offset": 1, missing: None}))


def test_documented_examples_in_prose() -> None:
    for block in re.findall(r"```json\n(.*?)```", EVENTS, re.S):
        for line in block.strip().splitlines():
            said = json.loads(line)
            if said.get("op") != "auth":
                check_from_gateway(json.loads(line.replace("…", "")))


def test_client_messages(asyncapi: dict[str, Any]) -> None:
    documented = constants(asyncapi, "fromClient", "op") | constants(asyncapi, "fromClient", "type")
    assert documented == set(_READERS)
    for op in documented:
        assert f'"op": "{op}"' in EVENTS or f'"type": "{op}"' in EVENTS


def test_gateway_messages(asyncapi: dict[str, Any]) -> None:
    sent = set(re.findall(r'"op": "(\w+)"', GATEWAY)) | set(re.findall(r'_place\("(\w+)"', GATEWAY))
    assert sent == constants(asyncapi, "toClient", "op")
    typed = set(re.findall(r'"type": "(\w+)"', GATEWAY))
    assert typed == constants(asyncapi, "toClient", "type")
    for op in sent:
        assert f'"op": "{op}"' in EVENTS


def test_error_codes(asyncapi: dict[str, Any]) -> None:
    raised = set(re.findall(r'(?:_error|BadMessage|TokenError)\("(\w+)"', GATEWAY))
    schema = asyncapi["components"]["messages"]["error"]["payload"]["properties"]["code"]
    assert raised == set(schema["enum"])
    for code in raised:
        assert f"`{code}`" in EVENTS


def test_close_codes(asyncapi: dict[str, Any]) -> None:
    documented = {
        int(code): (entry["name"], entry["advice"])
        for code, entry in asyncapi["channels"]["connection"]["x-close-codes"].items()
    }
    assert documented == {int(c): (c.name.lower(), ADVICE[c].value) for c in CloseCode}
    rows = dict(re.findall(r"^\| (\d{4}) \|.*\| (reconnect|refresh first|stop)\b", EVENTS, re.M))
    assert rows == {str(int(c)): ADVICE[c].value for c in CloseCode}


def test_event_types(asyncapi: dict[str, Any]) -> None:
    listed = re.findall(r"^\| `([a-z_]+(?:\.[a-z_]+)+)` \|", EVENTS, re.M)
    assert listed == sorted(set(listed), key=listed.index)
    assert set(listed) == set(asyncapi["components"]["schemas"]["eventType"]["examples"])
    assert set(listed) >= CONTROL_TYPES


def test_bounds(asyncapi: dict[str, Any]) -> None:
    schemas = asyncapi["components"]["schemas"]
    assert schemas["offset"]["maximum"] == OFFSET_MOST
    assert schemas["token"]["maxLength"] == TOKEN_MOST_CHARS


def test_settings() -> None:
    read = set(re.findall(r'"(FYNLO_\w+)"', (ROOT / "ws_server/settings.py").read_text()))
    assert read == set(re.findall(r"^\| `(FYNLO_\w+)` \|", EVENTS, re.M))


def test_examples_are_json() -> None:
    for block in re.findall(r"```json\n(.*?)```", EVENTS, re.S):
        for line in block.strip().splitlines():
            assert isinstance(json.loads(line), dict)

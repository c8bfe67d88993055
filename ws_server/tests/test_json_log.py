"""Log lines of gateway and relay: JSON, and nothing secret in them, wherever it was passed."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest

from ws_server.json_log import JsonFormatter

ROOT = Path(__file__).resolve().parents[2]
CARD, TOKEN, IBAN = "4111111111111111", "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "GB82WEST12345698765432"


def line(message: object, *args: object, failure: bool = False, **extra: object) -> dict[str, object]:
    record = logging.getLogger("ws_server.test").makeRecord(
        "ws_server.test", logging.INFO, "file.py", 1, message, args, sys.exc_info() if failure else None, extra=extra
    )
    written = JsonFormatter("gateway").format(record)
    for secret in (CARD, TOKEN, IBAN):
        assert secret not in written
    told: dict[str, object] = json.loads(written)
    return told


def test_secrets_are_masked_in_message_arguments_and_fields() -> None:
    assert line(f"card {CARD}")["message"] == "card ***1111"
    assert line("token %s", TOKEN)["message"] == "token ***"
    told = line("ended", error=f"to {IBAN}", deep={"list": [CARD, 7]}, client_secret="x", open=3)
    assert (told["error"], told["deep"], told["open"]) == ("to ***5432", {"list": ["***1111", 7]}, 3)
    assert told["client_secret"] == "***"


def test_secrets_are_masked_in_tracebacks_and_in_what_is_no_json() -> None:
    try:
        raise ValueError(TOKEN)
    except ValueError:
        told = line("failed", failure=True, cause=Path(CARD))
    assert "ValueError: ***" in str(told["traceback"])
    assert told["cause"] == "***1111"


@pytest.mark.parametrize("name", ["secret_masking.py", "card_numbers.py"])
def test_the_gateway_masks_what_odoo_masks(name: str) -> None:
    """Two processes that share no code: the file is there twice, and must be the same."""
    ours, theirs = ROOT / "ws_server" / name, ROOT / "addons/fynlo_pos_core/tools" / name
    assert ours.read_text() == theirs.read_text(), f"copy {theirs} to {ours}"

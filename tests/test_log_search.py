"""The search through log files: it finds what must not be there, and does not repeat it."""

import gzip
from pathlib import Path

import pytest

from scripts import log_search

CARD, KEY = "4111111111111111", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HARMLESS = (
    '2026-11-29 20:15:00,123 INFO {"request_id": "0192f0a1-7c3e-7b44-9d55-2f6b1c0e8a77", "status": 201, "ms": 12.5}\n'
)


def test_lines_with_secrets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    below = tmp_path / "old"
    below.mkdir()
    (tmp_path / "odoo.log").write_text(HARMLESS + f"card {CARD}\n" + HARMLESS)
    with gzip.open(below / "odoo.log.1.gz", "wt") as old:
        old.write(f"key {KEY}\n")
    assert log_search.main([str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert told.splitlines() == [
        f"{tmp_path}/odoo.log:2: a secret",
        f"{below}/odoo.log.1.gz:1: a secret",
        "2 files, 2 lines with secrets",
    ]


def test_no_secrets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "odoo.log"
    file.write_bytes(HARMLESS.encode() * 3 + b"\xff\xfe no text\n" + b"card ***1111 and client_secret=***\n")
    assert log_search.main([str(file)]) == 0
    assert capsys.readouterr().out == "1 files, 0 lines with secrets\n"

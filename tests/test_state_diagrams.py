"""docs/states.md shows the state tables as they are."""

import re
from pathlib import Path

from scripts import state_diagrams

ROOT = Path(__file__).resolve().parents[1]


def test_the_checked_in_diagrams_are_current() -> None:
    assert state_diagrams.TARGET.read_text() == state_diagrams.document(), "run scripts/state_diagrams.py"


def test_every_state_that_can_be_reached_is_in_its_table() -> None:
    for machine in state_diagrams.MACHINES:
        steps = state_diagrams.table(machine)
        assert {target for targets in steps.values() for target in targets} <= steps.keys(), machine.title


def test_no_table_is_left_out() -> None:
    shown = {(machine.file, machine.name) for machine in state_diagrams.MACHINES}
    found = {
        (str(file.relative_to(ROOT)), name)
        for file in (ROOT / "addons").rglob("*.py")
        for name in re.findall(r"^(\w+_STATES) = \{$", file.read_text(), re.MULTILINE)
    }
    assert found <= shown, found - shown

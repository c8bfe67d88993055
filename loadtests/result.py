"""The figures of a run as a JSON file, for comparing runs."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from loadtests.budget import Budget
from loadtests.figures import OUT


def write_result(
    name: str, facts: Mapping[str, str], budgets: Iterable[Budget], figures: Mapping[str, object], path: str = ""
) -> None:
    """Writes ``loadtests/out/<name>.json`` or the given path, and says so."""
    target = Path(path) if path else OUT / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    result = {
        "name": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": dict(facts),
        "figures": dict(figures),
        "budgets": [budget.figures() for budget in budgets],
    }
    target.write_text(json.dumps(result, indent=1, ensure_ascii=False))
    print(f"figures: {target}")

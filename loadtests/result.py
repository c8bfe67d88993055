"""What every load test prints at its beginning and its end, and the JSON and HTML that it leaves behind."""

import json
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from loadtests.budget import Budget, print_table
from loadtests.curve import Curve
from loadtests.figures import OUT, environment, environment_line
from loadtests.html_report import page
from loadtests.resource_watch import HEADINGS, Usage
from loadtests.stage import Stage


def announce(scene: Stage, options: Namespace) -> dict[str, str]:
    """Prints what is measured on, and how; returns the facts of the environment for the result."""
    return announce_facts(environment(scene), options)


def announce_facts(facts: dict[str, str], options: Namespace) -> dict[str, str]:
    """The same for a load test without a restaurant, which has its own facts."""
    print(environment_line(facts))
    print(" · ".join(f"{name} {value}" for name, value in configuration_of(options).items()), end="\n\n", flush=True)
    return facts


def configuration_of(options: Namespace) -> dict[str, object]:
    """The options that shape a run, without those that only say where its figures go."""
    return {name: value for name, value in vars(options).items() if name != "json"}


def print_usage(usage: Usage) -> None:
    network = " · ".join(f"{name} {moved:g} MB" for name, moved in usage.network_mb.items())
    print_table(HEADINGS, [group.row() for group in usage.groups])
    print(f"network of the machine: {network or 'nothing'} (unix sockets are not counted)\n")


def write_result(
    name: str,
    facts: Mapping[str, str],
    budgets: Iterable[Budget],
    figures: Mapping[str, object],
    path: str = "",
    *,
    configuration: Namespace | None = None,
    usage: Usage | None = None,
    curves: Sequence[Curve] = (),
) -> None:
    """Prints the use of resources; writes ``loadtests/out/<name>.json`` or the given path, and a page beside it."""
    target = Path(path) if path else OUT / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    at, budgets = datetime.now(UTC).isoformat(timespec="seconds"), list(budgets)
    options = configuration_of(configuration) if configuration else {}
    result = {
        "name": name,
        "at": at,
        "environment": dict(facts),
        "configuration": options,
        "figures": dict(figures),
        "curves": [curve.figures() for curve in curves],
        "resources": usage.figures() if usage else None,
        "budgets": [budget.figures() for budget in budgets],
    }
    if usage:
        print_usage(usage)
    target.write_text(json.dumps(result, indent=1, ensure_ascii=False))
    report = target.with_suffix(".html")
    report.write_text(page(name, at, facts, options, budgets, figures, curves, usage))
    print(f"figures: {target} · report: {report}")

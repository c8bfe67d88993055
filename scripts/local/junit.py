"""Reads what pytest reports of a run: what passed, failed or was skipped and why, how long each file took."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Results:
    """The sum of one or more test runs."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    #: Names of those that passed.
    names: set[str] = field(default_factory=set)

    def add(self, other: "Results") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.names |= other.names
        for file, seconds in other.seconds.items():
            self.seconds[file] = self.seconds.get(file, 0.0) + seconds

    @property
    def total(self) -> int:
        return self.passed + len(self.failed) + len(self.skipped)

    def closing_line(self) -> str:
        return f"{self.passed} passed, {len(self.failed)} failed, {len(self.skipped)} skipped"


def read(report: Path) -> Results:
    """The results in a JUnit XML file of pytest's family xunit1."""
    results = Results()
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - written by our own pytest
        name, file = _name(case), case.get("file") or case.get("classname") or ""
        results.seconds[file] = results.seconds.get(file, 0.0) + float(case.get("time", 0))
        outcome = {child.tag: child for child in case}
        if "failure" in outcome or "error" in outcome:
            results.failed.append(name)
        elif "skipped" in outcome:
            results.skipped.append((name, outcome["skipped"].get("message", "")))
        else:
            results.passed += 1
            results.names.add(name)
    return results


def _name(case: ElementTree.Element) -> str:
    holder = (case.get("classname") or "").rpartition(".")[2]
    return "::".join(part for part in (case.get("file"), holder, case.get("name")) if part)


def unexpected(skipped: list[tuple[str, str]], allowed: Path) -> Iterator[tuple[str, str]]:
    """Skips and expected failures that no line of the allow list names."""
    rows = allowed.read_text().splitlines() if allowed.exists() else []
    names = {row.strip() for row in rows if row.strip() and not row.startswith("#")}
    return ((name, why) for name, why in skipped if name not in names)

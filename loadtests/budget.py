"""A budget's two marks, what must be and what is aimed at, and how a figure stands to them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

Verdict = Literal["aim", "must", "MISSED"]
HEADINGS = ("budget", "measured", "must", "aim", "verdict")


@dataclass(frozen=True, slots=True)
class Budget:
    """One line of the performance budget. ``more_is_better`` turns the comparison round."""

    name: str
    measured: float
    must: float
    aim: float | None = None
    unit: str = ""
    more_is_better: bool = False

    @property
    def verdict(self) -> Verdict:
        if self.aim is not None and self._reaches(self.aim):
            return "aim"
        return "must" if self._reaches(self.must) else "MISSED"

    def _reaches(self, mark: float) -> bool:
        return self.measured >= mark if self.more_is_better else self.measured <= mark

    def row(self) -> list[str]:
        sign = "≥" if self.more_is_better else "≤"
        aim = "" if self.aim is None else f"{sign} {self.aim:g}{self.unit}"
        return [self.name, f"{_short(self.measured)}{self.unit}", f"{sign} {self.must:g}{self.unit}", aim, self.verdict]

    def figures(self) -> dict[str, object]:
        """What the JSON output keeps."""
        return {**asdict(self), "verdict": self.verdict}


def _short(value: float) -> str:
    """Three figures that count; a large number whole, without a power of ten."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def print_budgets(budgets: Iterable[Budget]) -> None:
    print_table(HEADINGS, [budget.row() for budget in budgets])


def missed(budgets: Iterable[Budget]) -> list[Budget]:
    return [budget for budget in budgets if budget.verdict == "MISSED"]


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table in Markdown, as it can go into a document: the first column to the left, the others to the right."""
    table = [list(headings), *map(list, rows)]
    widths = [max(3, *(len(row[column]) for row in table)) for column in range(len(headings))]
    rule = ["-" * widths[0], *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    for row in [table[0], rule, *table[1:]]:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        print(f"| {' | '.join(cells)} |")
    print(flush=True)

"""A receipt laid out as rows, so that a page, a PDF and a paper roll say the same in the same order."""

from dataclasses import dataclass, field
from typing import Literal

Size = Literal["small", "normal", "large"]
Align = Literal["left", "centre"]


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph; line breaks in it are kept."""

    text: str
    align: Align = "left"
    size: Size = "normal"
    bold: bool = False
    muted: bool = False
    accent: bool = False
    kind: str = "words"


@dataclass(frozen=True, slots=True)
class Pair:
    """Something on the left and its amount on the right; ``indent`` for what belongs to the row above."""

    label: str
    value: str = ""
    size: Size = "normal"
    bold: bool = False
    muted: bool = False
    indent: int = 0
    kind: str = "pair"


@dataclass(frozen=True, slots=True)
class Table:
    """A few columns of figures under a head; all but the first are set to the right."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across, or with ``blank`` only some room."""

    blank: bool = False
    kind: str = "rule"


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG or JPEG in the middle."""

    data: bytes
    kind: str = "picture"


@dataclass(frozen=True, slots=True)
class Code:
    """An address as a QR code."""

    url: str
    kind: str = "code"


Row = Words | Pair | Table | Rule | Picture | Code


@dataclass(slots=True)
class Sheet:
    """The whole receipt. ``colour`` is ``#rrggbb``; ``language`` e.g. ``en``."""

    title: str
    colour: str
    language: str
    rows: list[Row] = field(default_factory=list)

"""Fonts for PDF documents: those that come with Odoo, each character from the first that has it."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from odoo.tools.misc import file_path
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]

from .bidi_text import visual

#: Both under the SIL Open Font License. Roboto has Latin, Greek, Cyrillic and the currency signs; Tajawal Arabic.
FOLDER = "web/static/fonts/google"
FILES = {
    "regular": ("Roboto/Roboto-Regular.ttf", "Tajawal/Tajawal-Regular.ttf"),
    "bold": ("Roboto/Roboto-Bold.ttf", "Tajawal/Tajawal-Bold.ttf"),
}


@dataclass(frozen=True, slots=True)
class Run:
    """Characters next to each other in one font."""

    font: str
    text: str


@lru_cache(maxsize=2)
def _fonts(weight: str) -> tuple[TTFont, ...]:
    fonts = tuple(
        TTFont(f"Fynlo-{weight}-{place}", file_path(f"{FOLDER}/{name}")) for place, name in enumerate(FILES[weight])
    )
    for font in fonts:
        pdfmetrics.registerFont(font)
    return fonts


@lru_cache(maxsize=8192)
def _font_of(character: str, weight: str) -> str | None:
    code = ord(character)
    return next((font.fontName for font in _fonts(weight) if code in font.face.charToGlyph), None)


def runs(text: str, bold: bool = False) -> list[Run]:
    """A line of text ready to be set, left to right. Characters that no font has (emoji) are left out."""
    weight = "bold" if bold else "regular"
    placed = [(_font_of(character, weight), character) for character in visual(text)]
    known = [(font, character) for font, character in placed if font]
    return [
        Run(font, "".join(character for _font, character in group)) for font, group in groupby(known, lambda p: p[0])
    ]


def width(text: str, size: float, bold: bool = False) -> float:
    """How wide a line of text is, in points."""
    return float(sum(pdfmetrics.stringWidth(run.text, run.font, size) for run in runs(text, bold)))


def wrap(text: str, room: float, size: float, bold: bool = False) -> list[str]:
    """Text cut into lines of at most ``room`` points, between words where that is possible."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}".strip()
            if width(longer, size, bold) <= room:
                line = longer
                continue
            if line:
                lines.append(line)
            *whole, line = _cut(word, room, size, bold)
            lines += whole
        lines.append(line)
    return lines


def _cut(word: str, room: float, size: float, bold: bool) -> list[str]:
    """A word that is wider than a line in pieces that fit."""
    pieces = [""]
    for character in word:
        if pieces[-1] and width(pieces[-1] + character, size, bold) > room:
            pieces.append("")
        pieces[-1] += character
    return pieces

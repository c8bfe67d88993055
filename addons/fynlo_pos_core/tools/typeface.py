"""Fonts for PDF documents: those that come with Odoo, each character from the first that has it.

Japanese and Korean are set in fonts that PDF readers bring along. Emoji are left out; a letter that
no font has shows as a replacement character.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from odoo.tools.misc import file_path
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]

from .bidi_text import OPEN, SHUT, visual

#: Both under the SIL Open Font License. Roboto has Latin, Greek, Cyrillic and the currency signs; Tajawal Arabic.
FOLDER = "web/static/fonts/google"
FILES = {
    "regular": ("Roboto/Roboto-Regular.ttf", "Tajawal/Tajawal-Regular.ttf"),
    "bold": ("Roboto/Roboto-Bold.ttf", "Tajawal/Tajawal-Bold.ttf"),
}

#: Which characters are left to fonts of the reader: kana, Han and full width forms; Hangul.
READER_FONTS = {"HYSMyeongJo-Medium": (0xAC00, 0xD7A3), "HeiseiKakuGo-W5": (0x3000, 0xFFEF)}
REPLACEMENT = "\ufffd"


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


@lru_cache(maxsize=2)
def _reader_font(name: str) -> str:
    pdfmetrics.registerFont(UnicodeCIDFont(name))
    return name


@lru_cache(maxsize=8192)
def _glyph(character: str, weight: str) -> tuple[str, str] | None:
    """The font for a character, and what to set there; ``None`` for what leaves no gap when it is missing."""
    for shape in (character, unicodedata.normalize("NFKC", character)):
        for font in _fonts(weight):
            if len(shape) == 1 and ord(shape) in font.face.charToGlyph:
                return font.fontName, shape
    for name, (first, last) in READER_FONTS.items():
        if first <= ord(character) <= last:
            return _reader_font(name), character
    return (_fonts(weight)[0].fontName, REPLACEMENT) if unicodedata.category(character)[0] in "LN" else None


def runs(text: str, bold: bool = False) -> list[Run]:
    """A line of text ready to be set, left to right."""
    weight = "bold" if bold else "regular"
    glyphs = filter(None, (_glyph(character, weight) for character in visual(text)))
    return [
        Run(font, "".join(shape for _font, shape in group)) for font, group in groupby(glyphs, lambda glyph: glyph[0])
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
            if not runs(word, bold) and not line:
                continue
            longer = f"{line} {word}".strip() if runs(word, bold) else line + _marks(word)
            if width(longer, size, bold) <= room:
                line = longer
                continue
            if line:
                lines.append(line)
            *whole, line = _cut(word, room, size, bold)
            lines += whole
        lines.append(line)
    return _closed(lines)


def _marks(word: str) -> str:
    """What holds an isolate together when nothing of a word can be set."""
    return "".join(character for character in word if character in (OPEN, SHUT))


def _closed(lines: list[str]) -> list[str]:
    """An isolate that runs over several lines is one on each of them."""
    closed, within = [], False
    for line in lines:
        line = OPEN + line if within else line
        within = line.rfind(OPEN) > line.rfind(SHUT)
        closed.append(line + SHUT if within else line)
    return closed


def _cut(word: str, room: float, size: float, bold: bool) -> list[str]:
    """A word that is wider than a line in pieces that fit."""
    pieces = [""]
    for character in word:
        if pieces[-1] and width(pieces[-1] + character, size, bold) > room:
            pieces.append("")
        pieces[-1] += character
    return pieces

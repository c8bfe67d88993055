"""Text from right to left for what can only set characters side by side, from left to right.

Covers what names and notes on a receipt need: Arabic letters in their joined forms, runs of
Hebrew or Arabic within Latin text and the reverse, numbers, mirrored brackets, isolates. Other
explicit marks (UAX #9) are taken out.
"""

import re
import unicodedata

from odoo.tools.arabic_reshaper import reshape

MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")
_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]")
#: First strong isolate and its end: what is between them has its own direction and changes none around it.
OPEN, SHUT = "\u2068", "\u2069"
_ISOLATE = re.compile(f"{OPEN}([^{OPEN}{SHUT}]*)(?:{SHUT}|$)")


def isolated(text: str) -> str:
    """A name or note of people, to be put into a sentence whatever its script."""
    return f"{OPEN}{_MARKS.sub('', text)}{SHUT}"


def is_rtl(text: str) -> bool:
    """Whether a paragraph runs from right to left: its first strong character decides."""
    strong = map(_direction, _ISOLATE.sub("", text))
    return next((kind == "R" for kind in strong if kind in "LR"), False)


def visual(text: str) -> str:
    """The characters of one line in the order in which they stand from left to right."""
    if _ISOLATE.search(text):
        return "".join(visual(part) for part in _ISOLATE.split(text))
    text = _MARKS.sub("", text)
    if not any(_direction(character) == "R" for character in text):
        return text
    text = reshape(text)
    pieces = [_turned(piece) if kind == "R" else piece for kind, piece in _pieces(text)]
    return "".join(reversed(pieces) if is_rtl(text) else pieces)


def _direction(character: str) -> str:
    """``L``, ``R``, ``D`` for a digit, ``N`` for what goes along with its neighbours."""
    kind = unicodedata.bidirectional(character)
    return {"L": "L", "R": "R", "AL": "R", "EN": "D", "AN": "D"}.get(kind, "N")


def _pieces(text: str) -> list[tuple[str, str]]:
    """Runs of one direction; what stands between two runs goes with the paragraph's direction."""
    base = "R" if is_rtl(text) else "L"
    found: list[tuple[str, str]] = []
    between = ""
    for character in text:
        kind = _direction(character)
        if kind not in "LR":
            between += character
            continue
        if found and found[-1][0] == kind:
            found[-1] = (kind, found[-1][1] + between + character)
        else:
            found += [(base, between)] if between else []
            found.append((kind, character))
        between = ""
    return [*found, (base, between)] if between else found


def _turned(run: str) -> str:
    """A run from right to left, its numbers still from left to right."""
    parts = re.findall(r"\d+(?:[.,:/]\d+)*|\D", run)
    return "".join(part if part[0].isdigit() else part.translate(MIRRORED) for part in reversed(parts))

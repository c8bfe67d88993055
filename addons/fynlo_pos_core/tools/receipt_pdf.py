"""A receipt as a PDF: one page as wide as a paper roll and as long as it needs to be.

The same sheet gives the same bytes.
"""

import io
from collections.abc import Callable, Iterator

from reportlab.lib.colors import HexColor  # type: ignore[import-untyped]
from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from .bidi_text import is_rtl
from .qr_code import dark_runs, matrix
from .receipt_sheet import Code, Pair, Picture, Row, Rule, Sheet, Table, Words
from .typeface import runs, width, wrap

#: Points: 80 mm paper and its margins.
PAGE, MARGIN = 226.8, 14.0
ROOM = PAGE - 2 * MARGIN
SIZES = {"small": 7.2, "normal": 8.6, "large": 12.5}
LEADING = 1.38
INK, GREY, LINE = "#1d1f23", "#6b7078", "#c9cdd3"
INDENT, GAP = 9.0, 8.0
LOGO_WIDTH, LOGO_HEIGHT, CODE_WIDTH = 120.0, 56.0, 84.0

#: Draws a row whose upper edge is at the given height.
Draw = Callable[[Canvas, float], None]
#: How high a row is, and how to draw it.
Block = tuple[float, Draw]


def receipt_pdf(sheet: Sheet) -> bytes:
    """The PDF of a sheet."""
    blocks = [block for row in sheet.rows for block in _blocks(row, sheet.colour)]
    height = sum(block[0] for block in blocks) + 2 * MARGIN
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(PAGE, height), invariant=1, pageCompression=1, lang=sheet.language)
    canvas.setTitle(sheet.title)
    top = height - MARGIN
    for block_height, draw in blocks:
        draw(canvas, top)
        top -= block_height
    canvas.save()
    return buffer.getvalue()


def _blocks(row: Row, colour: str) -> Iterator[Block]:
    match row:
        case Words():
            yield from _words(row, colour)
        case Pair():
            yield _pair(row)
        case Table():
            yield from _table(row)
        case Rule():
            yield (5.0, _nothing) if row.blank else (9.0, _line_across)
        case Picture():
            yield _picture(row)
        case Code():
            yield _code(row)


def _text(canvas: Canvas, x: float, y: float, text: str, size: float, bold: bool, colour: str) -> None:
    canvas.setFillColor(HexColor(colour))
    for run in runs(text, bold):
        canvas.setFont(run.font, size)
        canvas.drawString(x, y, run.text)
        x += canvas.stringWidth(run.text, run.font, size)


def _text_to(canvas: Canvas, right: float, y: float, text: str, size: float, bold: bool, colour: str) -> None:
    """The same, ending at ``right``."""
    _text(canvas, right - width(text, size, bold), y, text, size, bold, colour)


def _words(row: Words, accent: str) -> Iterator[Block]:
    size = SIZES[row.size]
    colour = accent if row.accent else GREY if row.muted else INK
    for line in wrap(row.text, ROOM, size, row.bold):
        spare = ROOM - width(line, size, row.bold)
        share = {"centre": 0.5, "left": 1.0 if is_rtl(line) else 0.0}[row.align]
        yield _words_line(MARGIN + spare * share, line, size, row.bold, colour)


def _words_line(x: float, line: str, size: float, bold: bool, colour: str) -> Block:
    return size * LEADING, lambda canvas, top: _text(canvas, x, top - size, line, size, bold, colour)


def _pair(row: Pair) -> Block:
    size = SIZES[row.size]
    colour = GREY if row.muted else INK
    left = MARGIN + INDENT * row.indent
    taken = width(row.value, size, row.bold) + GAP if row.value else 0.0
    lines = wrap(row.label, PAGE - MARGIN - left - taken, size, row.bold)

    def draw(canvas: Canvas, top: float) -> None:
        for place, line in enumerate(lines):
            _text(canvas, left, top - size - place * size * LEADING, line, size, row.bold, colour)
        _text_to(canvas, PAGE - MARGIN, top - size, row.value, size, row.bold, colour)

    return len(lines) * size * LEADING + (1.0 if row.size == "large" else 0.4), draw


def _table(table: Table) -> Iterator[Block]:
    size = SIZES["small"]
    others = len(table.head) - 1
    first = max(width(row[0], size, False) for row in (table.head, *table.rows)) + GAP
    step = (ROOM - first) / max(1, others)

    def block(cells: tuple[str, ...], colour: str) -> Block:
        def draw(canvas: Canvas, top: float) -> None:
            _text(canvas, MARGIN, top - size, cells[0], size, False, colour)
            for place, cell in enumerate(cells[1:], start=1):
                _text_to(canvas, MARGIN + first + step * place, top - size, cell, size, False, colour)

        return size * LEADING, draw

    yield block(table.head, GREY)
    for row in table.rows:
        yield block(row, INK)


def _nothing(_canvas: Canvas, _top: float) -> None:
    """Room without ink."""


def _line_across(canvas: Canvas, top: float) -> None:
    canvas.setStrokeColor(HexColor(LINE))
    canvas.setLineWidth(0.6)
    canvas.line(MARGIN, top - 4.5, PAGE - MARGIN, top - 4.5)


def _picture(row: Picture) -> Block:
    image = ImageReader(io.BytesIO(row.data))
    columns, lines = image.getSize()
    scale = min(LOGO_WIDTH / columns, LOGO_HEIGHT / lines)
    wide, high = columns * scale, lines * scale

    def draw(canvas: Canvas, top: float) -> None:
        canvas.drawImage(image, (PAGE - wide) / 2, top - high, wide, high, mask="auto")

    return high + 5.0, draw


def _code(row: Code) -> Block:
    modules = matrix(row.url)
    step = CODE_WIDTH / len(modules)
    left = (PAGE - CODE_WIDTH) / 2

    def draw(canvas: Canvas, top: float) -> None:
        canvas.setFillColor(HexColor("#000000"))
        for place, line in enumerate(modules, start=1):
            for start, length in dark_runs(line):
                canvas.rect(left + start * step, top - place * step, length * step, step, stroke=0, fill=1)
        canvas.linkURL(row.url, (left, top - CODE_WIDTH, left + CODE_WIDTH, top))

    return CODE_WIDTH, draw

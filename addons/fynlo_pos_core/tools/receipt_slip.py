"""A receipt on a paper roll: the ESC/POS bytes for its sheet."""

from textwrap import wrap

from escpos.constants import QR_ECLEVEL_M  # type: ignore[import-untyped]
from escpos.printer import Dummy  # type: ignore[import-untyped]

from .bidi_text import OPEN, SHUT
from .kitchen_slip import COLUMNS, printable
from .receipt_sheet import Code, Pair, Row, Rule, Sheet, Table, Words

CODE_DOTS = 5
SIGNS = str.maketrans({"×": "x", "·": "-", "–": "-", OPEN: None, SHUT: None})


def receipt_slip(sheet: Sheet, *, paper: str) -> bytes:
    """The bytes for a roll of ``paper`` mm. Pictures are left out: rolls are printed fast or not at all."""
    printer = Dummy()
    printer.hw("INIT")
    for row in sheet.rows:
        _row(printer, row, COLUMNS[paper])
    printer.cut()
    return bytes(printer.output)


def _row(printer: Dummy, row: Row, columns: int) -> None:
    match row:
        case Words():
            _words(printer, row, columns)
        case Pair():
            _pair(printer, row, columns)
        case Table():
            _table(printer, row, columns)
        case Rule():
            _style(printer)
            printer.textln("" if row.blank else "-" * columns)
        case Code():
            printer.set(align="center")
            printer.qr(row.url, ec=QR_ECLEVEL_M, size=CODE_DOTS, native=True)
            printer.textln("")


def _style(printer: Dummy, *, align: str = "left", bold: bool = False, tall: bool = False) -> None:
    printer.set(align=align, bold=bold, double_height=tall, double_width=False, normal_textsize=not tall)


def _words(printer: Dummy, row: Words, columns: int) -> None:
    _style(printer, align="center" if row.align == "centre" else "left", bold=row.bold, tall=row.size == "large")
    for paragraph in row.text.splitlines():
        for line in wrap(_plain(paragraph), columns) or [""]:
            printer.textln(line)


def _pair(printer: Dummy, row: Pair, columns: int) -> None:
    _style(printer, bold=row.bold, tall=row.size == "large")
    value = _plain(row.value)
    label = "  " * row.indent + _plain(row.label)
    lines = wrap(label, columns - len(value) - 1, subsequent_indent="  " * (row.indent + 1), drop_whitespace=True)
    first, *rest = lines or [""]
    first = "  " * row.indent + first.lstrip()
    printer.textln(f"{first}{value.rjust(columns - len(first))}")
    for line in rest:
        printer.textln(line)


def _table(printer: Dummy, table: Table, columns: int) -> None:
    _style(printer)
    first = max(len(row[0]) for row in (table.head, *table.rows)) + 1
    others = max(1, len(table.head) - 1)
    step = (columns - first) // others
    for row in (table.head, *table.rows):
        cells = [_plain(cell) for cell in row]
        printer.textln(cells[0].ljust(first) + "".join(cell.rjust(step) for cell in cells[1:]))


def _plain(text: str) -> str:
    """Text for a printer, which sets what it is given from left to right and has few signs in its first page."""
    return printable(text.translate(SIGNS))

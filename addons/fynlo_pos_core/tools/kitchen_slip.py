"""A kitchen ticket on paper: the ESC/POS bytes for its document."""

from typing import Any

from escpos.printer import Dummy  # type: ignore[import-untyped]

Document = dict[str, Any]

#: Characters on a line of font A.
COLUMNS = {"80": 48, "58": 32}
KINDS = {"new": "", "change": "CHANGE ", "void": "VOID "}


def slip(ticket: Document, *, paper: str, sent_at: str, copy: bool = False) -> bytes:
    """The bytes of ``ticket`` (its document) for a roll of ``paper`` mm; ``sent_at`` is the clock on the wall."""
    printer = Dummy()
    columns = COLUMNS[paper]
    _title(printer, ticket, copy)
    _head(printer, ticket, columns, sent_at)
    for line in ticket["lines"]:
        _line(printer, line)
    if ticket["note"]:
        _large(printer, f"! {ticket['note']}")
    _plain(printer, "-" * columns)
    printer.cut()
    return bytes(printer.output)


def _title(printer: Dummy, ticket: Document, copy: bool) -> None:
    printer.hw("INIT")
    if copy:
        _large(printer, "*** COPY ***", align="center")
    if ticket["kind"] == "notice":
        _large(printer, "*** CHANGES ***", align="center")
    if ticket["state"] == "cancelled":
        _large(printer, "*** CANCELLED ***", align="center")
    place = f"Table {ticket['table']['name']}" if ticket["table"] else (ticket["preset"] or {}).get("name", "")
    _large(printer, f"#{ticket['number']} {place}".strip(), align="center")


def _head(printer: Dummy, ticket: Document, columns: int, sent_at: str) -> None:
    server = ticket["sent_by"]["name"] if ticket["sent_by"] else ""
    _plain(printer, f"{ticket['station']['name']}  {ticket['order']['number'] or ''}  course {ticket['course']}")
    _plain(printer, f"{sent_at}  {server}  guests {ticket['guests']}")
    _plain(printer, "-" * columns)


def _line(printer: Dummy, line: Document) -> None:
    _large(printer, f"{KINDS[line['kind']]}{line['quantity']} x {line['name']}")
    if line["part_of"]:
        _plain(printer, f"    ({line['part_of']})")
    if line["voided_quantity"] != "0":
        _plain(printer, f"    VOIDED {line['voided_quantity']}", bold=True)
    for modifier in line["modifiers"]:
        times = f" x{modifier['quantity']}" if modifier["quantity"] > 1 else ""
        _plain(printer, f"    + {modifier['name']}{times}")
    if line["note"]:
        _plain(printer, f"    ! {line['note']}", bold=True)
    if line["seat"]:
        _plain(printer, f"    seat {line['seat']}")


def _large(printer: Dummy, text: str, align: str = "left") -> None:
    printer.set(align=align, bold=True, double_height=True, double_width=False)
    printer.textln(printable(text))


def _plain(printer: Dummy, text: str, bold: bool = False) -> None:
    printer.set(align="left", bold=bold, normal_textsize=True)
    printer.textln(printable(text))


def printable(text: str) -> str:
    """Text of guests and menus cannot steer the printer."""
    return "".join(character if character.isprintable() else " " for character in text)

"""What a refund gives back of each row of a completed order, exact to the penny.

Every refund takes its share of what is *left* of a row, so whatever the pieces are, together they
come to what was paid. A row's taxes are computed by the one tax engine from the piece itself, as
Odoo will at closing.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from ..rest import Problem, declare
from ..tools.money import to_major
from ..tools.tax_mirror import TaxedAmount, round_minor
from .facts import quantity_text
from .pricing import split, tax_of

declare(
    "refund_exceeds_paid",
    409,
    "More than is left to refund",
    "The refund is of more than was sold or paid and not refunded yet.",
    "Refresh the order and refund what is left; another till may have refunded some.",
)
declare(
    "nothing_to_refund",
    409,
    "Nothing to refund",
    "The refund comes to nothing.",
    "Refresh the order: what it names is free of charge or was refunded already.",
)

#: Rows that make up the bill.
BILL = frozenset({"item", "service"})
#: The quantity of a row that gives back money alone; the least that a quantity column holds.
NO_GOODS = Decimal("0.001")


@dataclass(slots=True)
class Sold:
    """A row of a completed order and what is left of it. ``kind`` is ``item``, ``service``, ``tip`` or ``surcharge``.

    A surcharge goes back with the payment it was charged on, so it is no part of the bill here.

    A combo is one row without a price and one for each part, which names it in ``parent``.
    """

    row_id: int
    uuid: str
    kind: str
    product_id: int
    name: str
    quantity: Decimal
    unit_price: int
    total: int
    tax_ids: tuple[int, ...]
    parent: str | None = None
    cost: Decimal = Decimal(0)
    returned: Decimal = Decimal(0)
    refunded: int = 0

    @property
    def left(self):
        return self.total - self.refunded

    @property
    def quantity_left(self):
        return self.quantity - self.returned


@dataclass(slots=True)
class Piece:
    """So much of a sold row: ``amount`` to give back for ``quantity`` of it; no quantity: of the price alone."""

    sold: Sold
    amount: int
    quantity: Decimal | None = None
    restock: bool = False


@dataclass(slots=True)
class Returned:
    """A row of the order that refunds, in positive figures."""

    sold: Sold
    quantity: Decimal
    unit_price: int
    discount_percent: float
    taxed: TaxedAmount
    restock: bool = False
    allowance: bool = field(default=False)

    @property
    def total(self):
        return self.taxed.included


def pieces_of_lines(sold, wishes):
    """The pieces for ``wishes`` [(line uuid, quantity or ``None`` for all that is left, restock)].

    The service charge goes back in the proportion of what the lines come to.
    """
    before = sum(row.left for row in sold if row.kind == "item")
    pieces = [piece for uuid, quantity, restock in wishes for piece in _pieces_of_line(sold, uuid, quantity, restock)]
    amount = sum(piece.amount for piece in pieces)
    for row in sold:
        if row.kind == "service" and before:
            pieces.append(Piece(row, _share(row.left, amount, before)))
    return pieces


def pieces_of_amount(sold, amount):
    """``amount`` over the bill, which is without the tip, in the proportion of what is left."""
    return _spread([row for row in sold if row.kind in BILL], amount)


def pieces_of_bill_first(sold, amount):
    """``amount`` of the bill and, once that is used up, of the tip."""
    bill = sum(row.left for row in sold if row.kind in BILL)
    over = max(0, amount - bill)
    return pieces_of_amount(sold, amount - over) + (pieces_of_tip(sold, over) if over else [])


def pieces_of_tip(sold, amount):
    """``amount`` of the tip alone."""
    return _spread([row for row in sold if row.kind == "tip"], amount)


def pieces_of_surcharge(sold, amount):
    """``amount`` of the surcharge alone."""
    return _spread([row for row in sold if row.kind == "surcharge"], amount)


def pieces_of_all(sold, restock=False):
    """All that is left: every line, the service charge and the tip."""
    lines = {row.parent or row.uuid for row in sold if row.kind == "item" and row.quantity_left > 0}
    wishes = [(row.uuid, None, restock) for row in sold if row.kind == "item" and row.uuid in lines]
    pieces = pieces_of_lines(sold, wishes)
    whole = {piece.sold.row_id: piece.amount for piece in pieces}
    rest = [Piece(row, row.left - whole.get(row.row_id, 0)) for row in sold if row.kind != "surcharge"]
    return pieces + [piece for piece in rest if piece.amount]


def returned_rows(pieces, facts, odoo_taxes=None):
    """The rows that give back ``pieces``. Raises ``nothing_to_refund``."""
    rows = [row for piece in pieces for row in _rows_of(piece, facts, odoo_taxes)]
    if sum(row.total for row in rows) <= 0:
        raise Problem("nothing_to_refund", "There is nothing to give back for that.")
    return rows


# --- steps -------------------------------------------------------------------------------


def _pieces_of_line(sold, uuid, quantity, restock):
    rows = [row for row in sold if row.kind == "item" and uuid in (row.uuid, row.parent)]
    if not rows:
        raise Problem("line_gone", "The order has no such line to refund.")
    left = rows[0].quantity_left
    quantity = left if quantity is None else quantity
    if not 0 < quantity <= left:
        raise Problem(
            "refund_exceeds_paid", f"There are {quantity_text(max(left, Decimal(0)))} of {rows[0].name} left."
        )
    return [Piece(row, _share(row.left, quantity, row.quantity_left), quantity, restock) for row in rows]


def _share(left, part, whole):
    """The part of ``left`` that ``part`` is of ``whole``, half a penny up; all of it for the whole."""
    return int((Decimal(left) * Decimal(part) / Decimal(whole)).quantize(Decimal(1), ROUND_HALF_UP))


def _spread(rows, amount):
    if amount > sum(row.left for row in rows):
        raise Problem("refund_exceeds_paid", "There is less than that left to refund.")
    shares = split(amount, [row.left for row in rows])
    return [Piece(row, share) for row, share in zip(rows, shares, strict=True) if share]


def _rows_of(piece, facts, odoo_taxes):
    """One row, and another where taxes outside the price let no single one come to the amount.

    Between two neighbouring amounts the tax may jump by a penny; that penny is too small to be taxed by itself.
    """
    row = _fitting(piece, facts, odoo_taxes)
    rest = piece.amount - row.total
    if rest and row.total:
        return [row, *_rows_of(Piece(piece.sold, rest), facts, odoo_taxes)]
    return [row]


def _fitting(piece, facts, odoo_taxes):
    """The row with the greatest total up to the piece's amount."""
    row = _row(piece, piece.amount, facts, odoo_taxes)
    if row.total == piece.amount:
        return row
    before_tax = piece.amount * piece.amount // row.total if row.total else 0
    while before_tax and _row(piece, before_tax, facts, odoo_taxes).total > piece.amount:
        before_tax -= 1
    while _row(piece, before_tax + 1, facts, odoo_taxes).total <= piece.amount:
        before_tax += 1
    return _row(piece, before_tax, facts, odoo_taxes)


def _row(piece, amount, facts, odoo_taxes):
    """The row that charges ``amount``, before taxes that are not in the price."""
    sold = piece.sold
    if piece.quantity is None:
        quantity = NO_GOODS if sold.kind == "item" else Decimal(1)
        price, percent = int(amount / quantity), 0.0
    else:
        quantity, price = piece.quantity, sold.unit_price
        gross = round_minor(float(quantity) * to_major(price, facts.digits), facts.digits)
        percent = 100.0 * (gross - amount) / gross if gross else 0.0
    taxed = tax_of(price, float(quantity), percent, sold.tax_ids, facts, odoo_taxes)
    return Returned(sold, quantity, price, percent, taxed, piece.restock, allowance=piece.quantity is None)

"""Parting a bill: lines, or a part of their quantity, go to orders of their own.

Whatever belongs to a line goes with it: its discounts, its share of the order's, what the kitchen
has of it, who set its fields last. Money and tip stay with the order that is parted.
"""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from decimal import Decimal

from ..rest import Problem, declare
from ..tools.identifiers import uuid7
from ..tools.money import split
from .bill_balance import Kept, applied, balance
from .facts import quantity_text
from .order import AppliedDiscount, Line, Order, ServiceCharge

declare(
    "nothing_left",
    409,
    "Nothing would be left",
    "The split would take every line off the order.",
    "Leave at least one line on the order that is split.",
)


@dataclass(frozen=True, slots=True)
class Portion:
    """A line that goes, or so much of it; ``uuid`` names what goes when the line is cut."""

    line_uuid: str
    quantity: Decimal | None = None
    uuid: str | None = None


@dataclass(frozen=True, slots=True)
class PartWish:
    """An order to make of portions."""

    uuid: str
    portions: list[Portion]
    guests: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What went: which leaf became which, and how much of it the kitchen has."""

    leaf_uuid: str
    new_leaf_uuid: str
    new_line_uuid: str
    sent: Decimal
    row_id: int | None


@dataclass(slots=True)
class Part:
    """A new order and what went to it."""

    order: Order
    taken: list[Taken] = field(default_factory=list)


class Parting:
    """Parts one order in memory, then prices all its parts so that together they cost what it did."""

    def __init__(self, order: Order, facts, now):
        self.order, self.facts, self.now = order, facts, now
        self.parts: list[Part] = []
        self.discounts = order.discounts
        self.kept = {id(discount): Kept(discount.amount) for discount in order.discounts}
        #: Quantities and prices of lines are cut; a fixed discount follows what each part would cost.
        self.cut: dict[str, list[str]] = {line.uuid: [line.uuid] for line in order.active_lines}
        self.service = order.service.total if order.service else 0
        self.party = order.party

    def part(self, wishes: list[PartWish], odoo_taxes) -> list[Part]:
        """Make the parts. Raises ``line_gone``, ``quantity_below_zero``, ``id_taken``, ``nothing_left``."""
        for wish in wishes:
            part = Part(_empty(self.order, wish, self.now))
            for portion in wish.portions:
                self._take(portion, part)
            self.parts.append(part)
        if not self.order.active_lines:
            raise Problem("nothing_left", "The split would take every line off the order.")
        self.order.guests = max(0, self.order.guests - sum(wish.guests for wish in wishes))
        orders = [self.order, *(part.order for part in self.parts)]
        self._share_discounts(orders)
        self._share_service(orders)
        kept = [self.kept[id(discount)] for discount in applied(self.discounts)]
        balance(orders, kept, self.service, self.facts, odoo_taxes)
        return self.parts

    # --- lines ---------------------------------------------------------------------------

    def _take(self, portion, part):
        line = self.order.line(portion.line_uuid)
        if line is None or not line.active:
            raise Problem("line_gone", "The line was voided or never existed.")
        quantity = line.quantity if portion.quantity is None else portion.quantity
        if not 0 < quantity <= line.quantity:
            raise Problem("quantity_below_zero", f"There are {quantity_text(line.quantity)} of {line.name}.")
        if quantity == line.quantity:
            self._move(line, part)
        else:
            self._cut(line, quantity, portion.uuid or uuid7(), part)
        part.order.courses |= {
            number: self.order.courses[number] for number in {str(line.course)} & self.order.courses.keys()
        }

    def _move(self, line, part):
        """The whole line goes, with its row and its id."""
        self.order.lines.remove(line)
        part.order.lines.append(line)
        carry_stamps(line, self.order, part.order, part.order.version)
        part.taken += [Taken(leaf.uuid, leaf.uuid, line.uuid, leaf.sent_quantity, leaf.row_id) for leaf in _all(line)]

    def _cut(self, line, quantity, uuid, part):
        """So much of the line becomes a line of its own; what the kitchen has goes first."""
        if self.order.line(uuid):
            raise Problem("id_taken", "The order has a line with this id.")
        sent = min(quantity, line.sent_quantity)
        piece = _piece(line, uuid, quantity, sent)
        piece.parts = [_piece(leaf, uuid7(), quantity, sent) for leaf in line.parts]
        for leaf, cut in zip(_all(line), _all(piece), strict=True):
            part.taken.append(Taken(leaf.uuid, cut.uuid, uuid, sent, None))
            leaf.quantity -= quantity
            leaf.sent_quantity -= sent
            leaf.dirty = True
        part.order.lines.append(piece)
        self.cut[line.uuid].append(uuid)

    # --- discounts and service charge ----------------------------------------------------

    def _share_discounts(self, orders):
        shared = {id(order): [] for order in orders}
        for discount in self.discounts:
            holders = [
                (order, lines) for order in orders if (lines := self._covered(discount, order.active_lines))
            ] or [(self.order, [])]
            values = split(discount.value, [_price(lines) or 1 for _order, lines in holders])
            for (order, lines), value in zip(holders, values, strict=True):
                share = _share(discount, lines, value)
                self.kept[id(discount)].shares.append(share)
                shared[id(order)].append(share)
        for order in orders:
            order.discounts = shared[id(order)]

    def _covered(self, discount, lines):
        if discount.line_uuid:
            return [line for line in lines if line.uuid in self.cut.get(discount.line_uuid, ())]
        if discount.line_uuids is None:
            return lines
        uuids = {uuid for line_uuid in discount.line_uuids for uuid in self.cut.get(line_uuid, ())}
        return [line for line in lines if line.uuid in uuids]

    def _share_service(self, orders):
        """Every bill of a party owes the charge that the party owed."""
        service = self.order.service
        if service is None or self.facts.service_charge is None:
            return
        for order in orders:
            row_id = service.row_id if order is self.order else None
            order.service = ServiceCharge(service.rate_bp, deepcopy(service.declined), self.party, row_id=row_id)


def carry_stamps(line, source, target, version):
    """Take along who set the line's fields last; whoever edits the other order on an older version has not seen it."""
    prefix = f"lines.{line.uuid}."
    for name in [name for name in source.stamps if name.startswith(prefix)]:
        target.stamps[name] = {**source.stamps.pop(name), "version": version}


def _empty(order, wish, now):
    """An order without lines beside ``order``: at its table, in its session, for its customer."""
    return Order(
        uuid=wish.uuid,
        number=None,
        preset_id=order.preset_id,
        business_date=order.business_date,
        client_created_at=now.replace(microsecond=0),
        created_at=now,
        updated_at=now,
        created_by=order.created_by,
        device_uuid=None,
        catalogue_version=order.catalogue_version,
        session_id=order.session_id,
        table_id=order.table_id,
        table=order.table,
        guests=wish.guests,
        customer_id=order.customer_id,
        customer=order.customer,
        note=order.note,
        tab_name=order.tab_name,
        server_id=order.server_id or order.employee_id,
        server=order.server or order.created_by,
        split_from={"id": order.uuid, "number": order.number},
        stamps={name: {**stamp, "version": 1} for name, stamp in order.stamps.items() if "." not in name},
    )


def _all(line: Line) -> list[Line]:
    return [line, *line.parts]


def _piece(line, uuid, quantity, sent):
    return replace(line, uuid=uuid, row_id=None, dirty=True, quantity=quantity, sent_quantity=sent, parts=[])


def _price(lines):
    """What lines weigh in sharing a fixed discount: what they cost before it, in thousandths."""
    return sum(int(leaf.quantity * 1000) * leaf.unit_price for line in lines for leaf in line.leaves)


def _share(discount: AppliedDiscount, lines, value):
    """The discount as one of the orders has it."""
    share = replace(discount, value=value, rounding=0)
    if not lines:
        return share
    if discount.line_uuid and discount.line_uuid != lines[0].uuid:
        share.uuid, share.line_uuid = uuid7(), lines[0].uuid
    if discount.line_uuids is not None:
        share.line_uuids = [line.uuid for line in lines]
    return share

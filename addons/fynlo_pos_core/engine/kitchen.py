"""What the kitchen is told of an order: what is new on it, and what changed after it was sent."""

from dataclasses import dataclass
from decimal import Decimal

from .facts import LocationFacts
from .order import Line, Order


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to cook, to change or not to cook after all; a combo is an item for each of its parts.

    ``leaf_uuid`` is the line itself or the part of the combo, ``line_uuid`` what the till knows.
    """

    kind: str
    line_uuid: str
    leaf_uuid: str
    quantity: Decimal
    name: str
    part_of: str
    modifiers: tuple[tuple[str, int], ...]
    note: str
    seat: int | None
    course: int
    station_id: int


@dataclass(frozen=True, slots=True)
class Slip:
    """The items of one ticket."""

    kind: str
    station_id: int
    course: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """What the kitchen has of a line."""

    quantity: Decimal
    look: tuple


@dataclass(frozen=True, slots=True)
class Known:
    """What the kitchen knows of an order; taken before an edit, to tell it the difference after."""

    lines: dict[str, Sent]
    fired: frozenset[int]
    note: str
    header: tuple

    @classmethod
    def of(cls, order: Order) -> "Known":
        lines = {line.uuid: Sent(line.sent_quantity, _look(line)) for line in order.active_lines if line.sent_quantity}
        fired = frozenset(int(course) for course in order.courses if is_fired(order, int(course)))
        return cls(lines, fired, order.note, (order.note, order.table_id, order.guests, order.preset_id))


def uses_courses(order: Order) -> bool:
    return any(line.course > 1 for line in order.active_lines)


def is_fired(order: Order, course: int) -> bool:
    return bool(order.courses.get(str(course), {}).get("fired_at"))


def may_begin(order: Order, course: int) -> bool:
    held = order.courses.get(str(course), {}).get("held_at")
    return is_fired(order, course) or (course == 1 and not held)


def due_lines(order: Order, facts: LocationFacts, courses=None) -> list[Line]:
    """Lines of which the kitchen has not had all yet: of ``courses``, or of every course it may begin.

    The first course may always begin, later ones when they are fired; none that is held.
    """
    return [
        line
        for line in order.active_lines
        if line.quantity > line.sent_quantity
        and (line.course in courses if courses else may_begin(order, line.course))
        and any(facts.station_of(leaf.variant_id) for leaf in line.leaves)
    ]


def send(lines: list[Line], facts: LocationFacts) -> list[Item]:
    """Items for what is new on ``lines``, which from now on count as sent."""
    items = []
    for line in lines:
        items += _items(line, facts, "new", line.quantity - line.sent_quantity)
        mark_sent(line, line.quantity)
    return items


def mark_sent(line: Line, quantity: Decimal) -> None:
    for leaf in {id(leaf): leaf for leaf in [line, *line.parts]}.values():
        leaf.sent_quantity, leaf.dirty = quantity, True


def corrections(order: Order, facts: LocationFacts, known: Known) -> list[Item]:
    """Items for what was voided or changed of what the kitchen knew."""
    items = []
    for line in order.lines:
        had = known.lines.get(line.uuid)
        if had is None:
            continue
        left = min(line.sent_quantity, had.quantity) if line.active else Decimal(0)
        if left < had.quantity:
            items += _items(line, facts, "void", had.quantity - left)
        if left and _look(line) != had.look:
            items += _items(line, facts, "change", left)
    return items


def slips(items: list[Item]) -> list[Slip]:
    """The tickets that ``items`` make: one for each station and course, corrections apart from new work."""
    groups: dict[tuple, list[Item]] = {}
    for item in items:
        kind = "order" if item.kind == "new" else "notice"
        groups.setdefault((kind, item.station_id, item.course), []).append(item)
    return [Slip(*group, items=tuple(members)) for group, members in sorted(groups.items())]


def _items(line, facts, kind, quantity):
    for leaf in line.leaves:
        station_id = facts.station_of(leaf.variant_id)
        if station_id:
            yield Item(
                kind=kind,
                line_uuid=line.uuid,
                leaf_uuid=leaf.uuid,
                quantity=quantity,
                name=leaf.name,
                part_of=line.name if line.parts else "",
                modifiers=tuple(_modifiers(leaf) + (_modifiers(line) if line.parts else [])),
                note=line.note,
                seat=line.seat,
                course=line.course,
                station_id=station_id,
            )


def _look(line):
    """What a change of which the kitchen must hear."""
    return (line.note, line.seat, *(tuple(_modifiers(leaf)) for leaf in [line, *line.parts]))


def _modifiers(line):
    return [(modifier.name, modifier.quantity) for modifier in line.modifiers]

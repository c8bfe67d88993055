"""An order in memory: loaded from its rows, changed, priced, and written back by the service."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from ..rest import Problem, declare
from .bill_shares import BillShares
from .facts import VariantFacts

declare(
    "payment_in_progress",
    409,
    "Payment in progress",
    "A payment of the order is not over yet, and it was asked for the bill as it is.",
    "Wait for payment.updated, or cancel the payment; then try again.",
    retryable=True,
)

#: What a till made longer ago than this reached us late: it was offline, and the guest has been served.
LATE_AFTER = timedelta(hours=1)


@dataclass(slots=True)
class Modifier:
    """A modifier chosen on a line, with the price of one at the time it was added."""

    uuid: str
    name: str
    quantity: int
    price: int

    def stored(self):
        return {"modifier_id": self.uuid, "name": self.name, "quantity": self.quantity, "price": self.price}

    @classmethod
    def from_stored(cls, values):
        return cls(values["modifier_id"], values["name"], values["quantity"], values["price"])


@dataclass(slots=True)
class Line:
    """One line, or one part of a combo (then it is in its parent's ``parts``).

    Amounts are minor units. ``unit_price`` is ``base_price`` and the modifiers. ``discount`` is what is taken off
    ``gross``; ``net``, ``tax`` and ``total`` come from the tax engine after it;
    ``taxes`` holds (tax uuid, rate in basis points, amount).
    """

    uuid: str
    variant_id: int
    variant_uuid: str
    product_uuid: str
    name: str
    quantity: Decimal
    unit_price: int
    base_price: int
    tax_ids: tuple[int, ...]
    catalogue_version: int
    modifiers: list[Modifier] = field(default_factory=list)
    parts: list["Line"] = field(default_factory=list)
    choice_uuid: str | None = None
    combo_item_id: int | None = None
    note: str = ""
    halves: list[dict] = field(default_factory=list)
    course: int = 1
    seat: int | None = None
    state: str = "active"
    sent_quantity: Decimal = Decimal(0)
    void: dict | None = None
    #: how much was voided after the kitchen had it, and cannot be sold again
    wasted: Decimal = Decimal(0)
    row_id: int | None = None
    dirty: bool = True
    retaxed: bool = False
    gross: int = 0
    discount: int = 0
    discount_percent: float = 0.0
    net: int = 0
    tax: int = 0
    total: int = 0
    taxes: tuple = ()

    @property
    def leaves(self):
        """What carries a price: the line itself, or the parts of a combo."""
        return self.parts or [self]

    @property
    def active(self):
        return self.state == "active"

    @property
    def amounts(self):
        """What pricing says of it, to see whether a change of the order has changed it."""
        return self.net, self.total, self.discount, self.discount_percent


@dataclass(slots=True)
class AppliedDiscount:
    """A discount on the order or on one line, with what it takes off now (minor units)."""

    uuid: str
    discount_uuid: str | None
    name: str
    kind: str
    value_bp: int
    value: int
    line_uuid: str | None
    reason: str = ""
    by: str | None = None
    amount: int = 0
    exclusive: bool = False
    #: The lines it covers, where these are not all of the order's (bills were put together).
    line_uuids: list[str] | None = None
    #: What the shares of a bill that was parted keep, so that together they take off what the whole did.
    rounding: int = 0

    def covered(self, lines):
        """Those of ``lines`` that a discount of the order takes off from."""
        return lines if self.line_uuids is None else [line for line in lines if line.uuid in self.line_uuids]

    def stored(self):
        return {
            "id": self.uuid,
            "discount_id": self.discount_uuid,
            "name": self.name,
            "kind": self.kind,
            "value_bp": self.value_bp,
            "value": self.value,
            "line_id": self.line_uuid,
            "reason": self.reason,
            "by": self.by,
            "amount": self.amount,
            "exclusive": self.exclusive,
            "line_ids": self.line_uuids,
            "rounding": self.rounding,
        }

    @classmethod
    def from_stored(cls, values):
        return cls(
            uuid=values["id"],
            discount_uuid=values["discount_id"],
            name=values["name"],
            kind=values["kind"],
            value_bp=values["value_bp"],
            value=values["value"],
            line_uuid=values["line_id"],
            reason=values["reason"],
            by=values["by"],
            amount=values["amount"],
            exclusive=values.get("exclusive", False),
            line_uuids=values.get("line_ids"),
            rounding=values.get("rounding", 0),
        )


@dataclass(slots=True)
class ServiceCharge:
    """The order's service charge; ``declined`` says who took it off and why.

    ``party`` is the size of the party that decides whether it is charged, where that is not the
    order's own guests: a party of eight owes it on each of its bills. ``rounding`` is as in
    :class:`AppliedDiscount`.
    """

    rate_bp: int
    declined: dict | None = None
    party: int | None = None
    rounding: int = 0
    row_id: int | None = None
    net: int = 0
    tax: int = 0
    total: int = 0

    def stored(self):
        return {
            "rate_bp": self.rate_bp,
            "declined": self.declined,
            "party": self.party,
            "rounding": self.rounding,
        }

    @classmethod
    def from_stored(cls, values):
        return cls(values["rate_bp"], values["declined"], values.get("party"), values.get("rounding", 0))


@dataclass(slots=True)
class Order:
    """The whole order. ``row_id`` is the ``pos.order``; ``None`` while it is only being priced."""

    uuid: str
    number: str | None
    preset_id: int | None
    business_date: date
    client_created_at: datetime
    created_at: datetime
    updated_at: datetime
    created_by: dict
    device_uuid: str | None
    catalogue_version: int
    row_id: int | None = None
    #: Columns of the head as the database has them; empty while the order is new.
    stored_header: dict = field(default_factory=dict)
    session_id: int | None = None
    version: int = 1
    state: str = "open"
    fulfilment: str = "new"
    payment: str = "unpaid"
    table_id: int | None = None
    table: dict | None = None
    guests: int = 0
    customer_id: int | None = None
    customer: dict | None = None
    note: str = ""
    tab_name: str = ""
    #: The row of who made it, and who serves it where that is somebody else.
    employee_id: int | None = None
    server_id: int | None = None
    server: dict | None = None
    lines: list[Line] = field(default_factory=list)
    discounts: list[AppliedDiscount] = field(default_factory=list)
    price_drift: dict | None = None
    #: field → who set it last, see ``engine/stamps.py``
    stamps: dict = field(default_factory=dict)
    #: course number → when it was fired and by whom
    courses: dict = field(default_factory=dict)
    service: ServiceCharge | None = None
    shares: BillShares | None = None
    #: {"id", "number"} of the order it was split from, and of the one it was merged into
    split_from: dict | None = None
    merged_into: dict | None = None
    late_arrival: bool = False
    #: what was promised beyond what there was
    shortages: list[dict] = field(default_factory=list)
    #: its till session closed while it was open, and no other has taken it over yet
    carried: bool = False
    tip: int = 0
    tip_row_id: int | None = None
    #: what guests paid for how they paid, see ``surcharge.py``; ``surcharge_tax`` lies in it
    surcharge: int = 0
    surcharge_tax: int = 0
    surcharge_tax_ids: tuple[int, ...] = ()
    surcharge_row_id: int | None = None
    #: what rounding a payment in cash added (below 0: took off)
    rounding: int = 0
    paid: int = 0
    change: int = 0
    refunded: int = 0
    #: what payments that are not over yet would pay of the bill; part of what is due, and nobody else may take it
    reserved: int = 0
    payments: list[dict] = field(default_factory=list)
    net: int = 0
    tax: int = 0
    total: int = 0
    discount: int = 0

    @property
    def charged(self):
        """All that guests pay: the bill, rounded or not, and what is on top of it."""
        return self.total + self.rounding + self.tip + self.surcharge

    @property
    def due(self):
        return max(0, self.charged - self.paid + self.refunded)

    @property
    def unclaimed(self):
        """What is due and not on its way yet."""
        return self.due - self.reserved

    def refuse_while_reserved(self):
        """Raise ``payment_in_progress`` while money is on its way that was asked for the order as it is."""
        if self.reserved:
            raise Problem("payment_in_progress", "A payment of the order is not over yet.")

    @property
    def party(self):
        """How many guests decide on the service charge: its own, or those of the party that shares the bill."""
        return self.guests if self.service is None or self.service.party is None else self.service.party

    @property
    def active_lines(self):
        return [line for line in self.lines if line.active]

    def cancel(self):
        """Nothing of it is sold any more; what the kitchen has goes to waste."""
        self.state = "cancelled"
        for line in self.active_lines:
            if line.sent_quantity:
                for leaf in (line, *line.parts):
                    leaf.wasted, leaf.dirty = leaf.wasted + line.sent_quantity, True

    def line(self, uuid):
        return next((line for line in self.lines if line.uuid == uuid), None)


def variant_line(uuid, variant: VariantFacts, quantity, price, tax_ids, version):
    """A fresh line of ``variant`` at ``price`` (minor units, for one)."""
    return Line(
        uuid=uuid,
        variant_id=variant.id,
        variant_uuid=variant.uuid,
        product_uuid=variant.product_uuid,
        name=variant.name,
        quantity=quantity,
        unit_price=price,
        base_price=price,
        tax_ids=tax_ids,
        catalogue_version=version,
    )

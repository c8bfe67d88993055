"""What pricing needs to know of a location's catalogue, frozen at one catalogue version."""

from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal
from zoneinfo import ZoneInfo

from ..tools.tax_mirror import TaxRule
from .allowance import PolicyRule
from .cash_rounding import CashRounding
from .tender_rule import TenderRule


@dataclass(frozen=True, slots=True)
class ModifierFacts:
    id: int
    uuid: str
    name: str
    price: int
    available: bool


@dataclass(frozen=True, slots=True)
class ModifierGroupFacts:
    """A choice on a product. ``max`` 0 means as many as one likes; the first ``free`` cost nothing."""

    uuid: str
    name: str
    min: int
    max: int
    free: int
    modifiers: dict[str, ModifierFacts]


@dataclass(frozen=True, slots=True)
class ComboChoiceFacts:
    """One choice of a combo: which variants, at which extra price, and its weight in the combo's price."""

    id: int
    uuid: str
    name: str
    base_price: int
    items: dict[str, tuple[int, int]]  # variant uuid -> (product.combo.item id, extra price)


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """A sellable variant. ``price`` is in minor units; ``taxes`` are ids of ``account.tax``."""

    id: int
    uuid: str
    product_uuid: str
    name: str
    price: int
    taxes: tuple[int, ...]
    available: bool
    open_price: bool = False
    halves: bool = False
    size: frozenset[int] = frozenset()
    groups: tuple[ModifierGroupFacts, ...] = ()
    combo: tuple[ComboChoiceFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class DiscountFacts:
    id: int
    uuid: str
    name: str
    kind: str
    value_bp: int
    amount: int
    scope: str
    permission: str
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class PresetFacts:
    """A way of serving; ``tax_map`` says which taxes replace which when it applies."""

    id: int
    uuid: str
    name: str
    kind: str
    fiscal_position_id: int | None
    tax_map: dict[int, tuple[int, ...]]
    prices: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PriceWindowFacts:
    """Other prices on some weekdays (Monday is 0) between two minutes of the location's clock."""

    days: frozenset[int]
    start: int
    end: int
    prices: dict[int, int]

    def open_at(self, local):
        """Whether the window is open at a local moment; one past midnight belongs to the day before."""
        minute = local.hour * 60 + local.minute
        if self.start < self.end:
            return local.weekday() in self.days and self.start <= minute < self.end
        yesterday = (local.weekday() - 1) % 7
        return (local.weekday() in self.days and minute >= self.start) or (yesterday in self.days and minute < self.end)


@dataclass(frozen=True, slots=True)
class ServiceChargeFacts:
    """The location's service charge: a share of the bill, for parties of ``guests`` or more."""

    rate_bp: int
    guests: int
    product_id: int
    name: str
    tax_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TableFacts:
    id: int
    uuid: str
    name: str


@dataclass(frozen=True, slots=True)
class StationFacts:
    """A place of the kitchen that works tickets, and whether these are printed there."""

    id: int
    uuid: str
    name: str
    prints: bool


@dataclass(frozen=True, slots=True)
class ThingFacts:
    """Something of which a location has only so much: a row of its countdowns, or a product in stock."""

    kind: str
    row_id: int
    name: str
    product_uuid: str | None = None
    variant_uuid: str | None = None
    modifier_uuid: str | None = None

    def ids(self):
        """The public ids by which tills know it."""
        return {"product_id": self.product_uuid, "variant_id": self.variant_uuid, "modifier_id": self.modifier_uuid}

    def stored(self, missing):
        """A shortage of it, as kept with an order."""
        return {**self.ids(), "name": self.name, "missing": quantity_text(missing)}


@dataclass(slots=True)
class LocationFacts:
    """Everything about one location that an order needs and that changes rarely."""

    version: int
    location_id: int
    location_uuid: str
    company_id: int
    currency_id: int
    currency: str
    digits: int
    time_zone: str
    day_start: int
    journal_id: int = 0
    tip_product_id: int | None = None
    pricelist_id: int | None = None
    order_defaults: dict = field(default_factory=dict)
    line_defaults: dict = field(default_factory=dict)
    payment_defaults: dict = field(default_factory=dict)
    #: Odoo notes in the order's chatter which quantities were lowered.
    edit_tracking: bool = False
    #: (model, id, values) of constants, put into the ORM's cache so that they are never fetched.
    seeds: tuple = ()
    variants: dict[str, VariantFacts] = field(default_factory=dict)
    taxes: dict[int, TaxRule] = field(default_factory=dict)
    discounts: dict[str, DiscountFacts] = field(default_factory=dict)
    presets: dict[str, PresetFacts] = field(default_factory=dict)
    tables: dict[str, TableFacts] = field(default_factory=dict)
    #: Tender (``cash``…) → id of the ``pos.payment.method`` that books it.
    tenders: dict[str, int] = field(default_factory=dict)
    #: Tender → when it is offered; one without a rule always is.
    tender_rules: dict[str, TenderRule] = field(default_factory=dict)
    windows: tuple[PriceWindowFacts, ...] = ()
    service_charge: ServiceChargeFacts | None = None
    cash_rounding: CashRounding | None = None
    service_product_id: int | None = None
    #: Books what guests pay for paying by card, and the taxes that lie in it.
    surcharge_product_id: int | None = None
    surcharge_tax_ids: tuple[int, ...] = ()
    #: Without the permission to override, this much of an order may be taken off.
    discount_limit_bp: int = 10_000
    #: (action, role) → what the role may do alone; see ``engine/allowance.py``.
    approval_policies: dict[tuple[str, str], PolicyRule] = field(default_factory=dict)
    #: Variants whose cost is known only when stock moves, at closing.
    costed_at_closing: frozenset[int] = frozenset()
    #: Variant or modifier uuid → what one piece of it takes of what is counted or kept in stock.
    uses: dict[str, tuple[tuple[ThingFacts, Decimal], ...]] = field(default_factory=dict)
    #: Product id → what takes it from stock: (variant id, modifier uuid, amount for one piece), one of the two set.
    takers: dict[int, tuple[tuple[int | None, str | None, Decimal], ...]] = field(default_factory=dict)
    #: ``allow``, ``warn`` or ``refuse`` sales of what is not in stock, and the place where stock is taken from.
    stock_policy: str = "allow"
    stock_place_id: int | None = None
    #: Stations of the kitchen by id, and by variant id the station that makes it (``None``: not the kitchen's).
    stations: dict[int, StationFacts] = field(default_factory=dict)
    station_by_variant: dict[int, int | None] = field(default_factory=dict)
    #: Makes what is on the order though no longer on the menu.
    spare_station: int | None = None

    def station_of(self, variant_id: int) -> int | None:
        return self.station_by_variant.get(variant_id, self.spare_station)

    def preset(self, preset_id: int | None) -> PresetFacts | None:
        return next((preset for preset in self.presets.values() if preset.id == preset_id), None)

    def taxes_of(self, tax_ids: tuple[int, ...], preset: PresetFacts | None) -> tuple[int, ...]:
        """The taxes of a product as ``preset`` changes them (eat in, takeaway…)."""
        if preset is None:
            return tax_ids
        return tuple(new for old in tax_ids for new in preset.tax_map.get(old, (old,)))

    def price_of(self, variant, preset, moment):
        """What one of ``variant`` costs at a naive UTC ``moment``: happy hour, preset, then the menu."""
        local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(self.time_zone))
        for window in self.windows:
            if variant.id in window.prices and window.open_at(local):
                return window.prices[variant.id]
        if preset and variant.id in preset.prices:
            return preset.prices[variant.id]
        return variant.price


def quantity_text(quantity: Decimal) -> str:
    """A quantity on the wire: ``"1"``, ``"1.5"``; never an exponent or trailing zeros."""
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

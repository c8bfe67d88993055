"""Shapes of the settings: each section as it is read, and as it is changed."""

from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from ..rest.shapes import Id, Name, QueryShape, Text, View
from .catalogue.entry_shapes import Clock, EntryShape

ZONES = frozenset(available_timezones())


def _known_zone(value: str) -> str:
    if value not in ZONES:
        raise ValueError("is no time zone of the IANA list, such as Europe/London")
    return value


Line = Annotated[Text, Field(min_length=1, max_length=120)]
Paragraph = Annotated[Text, Field(max_length=1000)]
Zone = Annotated[str, Field(max_length=60, examples=["Europe/London"]), AfterValidator(_known_zone)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", examples=["#1f3a5f"])]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Za-z@]{2,12})?$", examples=["en_GB"])]
TipRate = Annotated[int, Field(ge=0, le=9900, multiple_of=100, examples=[1500])]
Email = Annotated[Text, Field(max_length=254, pattern=r"^[^@,\s]+@[^@,\s]+$", examples=["manager@fynlo.example"])]
StockPolicy = Literal["allow", "warn", "refuse"]
TextSize = Literal["small", "medium", "large"]
BasisPoints = Annotated[int, Field(ge=0, le=10_000, examples=[1250])]
Days = Annotated[int, Field(ge=30, le=3650)]


class SettingsQuery(QueryShape):
    """Which location's settings; those of the device's when not given."""

    location_id: UUID | None = None


class SectionView(View):
    """``location_id`` is null where all locations of the company share the section."""

    id: UUID
    section: str
    location_id: UUID | None
    version: int


class BusinessSettingsView(SectionView):
    location_name: str
    name: str
    street: str | None
    street2: str | None
    city: str | None
    postcode: str | None
    country: Annotated[str, Field(examples=["GB"])] | None
    phone: str | None
    email: str | None
    website: str | None
    company_number: str | None


class BusinessSettingsChange(EntryShape):
    """All but the location's name is the company's and needs ``settings.company``."""

    may_be_empty = frozenset({"street", "street2", "city", "postcode", "phone", "email", "website", "company_number"})

    location_name: Name | None = None
    name: Name | None = None
    street: Line | None = None
    street2: Line | None = None
    city: Line | None = None
    postcode: Line | None = None
    phone: Line | None = None
    email: Email | None = None
    website: Line | None = None
    company_number: Line | None = None


class TaxesView(SectionView):
    tax_number: str | None
    prices_include_tax: bool
    default_tax_id: UUID | None


class TaxesChange(EntryShape):
    may_be_empty = frozenset({"tax_number", "default_tax_id"})

    tax_number: Line | None = None
    default_tax_id: Annotated[Id, Field(strict=False)] | None = None


class HoursView(SectionView):
    time_zone: str
    day_start: Clock


class HoursChange(EntryShape):
    """A business date begins at ``day_start`` by the clock of ``time_zone``, between midnight and noon."""

    time_zone: Zone | None = None
    day_start: Clock | None = None


class MenuSettingsView(SectionView):
    service_charge_bp: BasisPoints
    service_charge_guests: int
    stock_policy: StockPolicy | None
    company_stock_policy: StockPolicy
    discount_limit_bp: BasisPoints
    scrap_waste: bool


class MenuSettingsChange(EntryShape):
    """``stock_policy`` null is the company's; the last three are the company's and need ``settings.company``."""

    may_be_empty = frozenset({"stock_policy"})

    service_charge_bp: Annotated[int, Field(ge=0, le=5_000)] | None = None
    service_charge_guests: Annotated[int, Field(ge=0, le=1_000)] | None = None
    stock_policy: StockPolicy | None = None
    company_stock_policy: StockPolicy | None = None
    discount_limit_bp: BasisPoints | None = None
    scrap_waste: bool | None = None


class ReceiptSettingsView(SectionView):
    header: str | None
    footer: str | None
    colour: Colour
    prefix: str | None
    language: str | None
    link_days: int
    tip_rates_bp: list[TipRate]


class ReceiptSettingsChange(EntryShape):
    may_be_empty = frozenset({"header", "footer", "language"})

    header: Paragraph | None = None
    footer: Paragraph | None = None
    colour: Colour | None = None
    prefix: Annotated[Text, Field(min_length=1, max_length=8)] | None = None
    language: Language | None = None
    link_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    tip_rates_bp: Annotated[list[TipRate], Field(max_length=4)] | None = None


class UiView(SectionView):
    tile_columns: int
    text_size: TextSize
    show_pictures: bool
    lock_after_s: int
    slow_minutes: int
    late_minutes: int


class UiChange(EntryShape):
    """Orders are slow, and later late, so many minutes after they were made."""

    tile_columns: Annotated[int, Field(ge=2, le=10)] | None = None
    text_size: TextSize | None = None
    show_pictures: bool | None = None
    lock_after_s: Annotated[int, Field(ge=0, le=3600)] | None = None
    slow_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    late_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None


class WebsocketView(SectionView):
    url: str
    reconnect_max_s: int
    poll_s: int


class WebsocketChange(EntryShape):
    reconnect_max_s: Annotated[int, Field(ge=5, le=300)] | None = None
    poll_s: Annotated[int, Field(ge=2, le=300)] | None = None


class SignInSettingsView(SectionView):
    pin_session_hours: int
    session_days: int


class SignInSettingsChange(EntryShape):
    pin_session_hours: Annotated[int, Field(ge=1, le=24)] | None = None
    session_days: Annotated[int, Field(ge=1, le=90)] | None = None


class NotificationsView(SectionView):
    alert_emails: list[str]


class NotificationsChange(EntryShape):
    alert_emails: Annotated[list[Email], Field(max_length=10)] | None = None


class RetentionView(SectionView):
    request_days: int
    sign_in_days: int
    connection_days: int


class RetentionChange(EntryShape):
    request_days: Days | None = None
    sign_in_days: Days | None = None
    connection_days: Annotated[int, Field(ge=1, le=3650)] | None = None


class CacheSettingsView(SectionView):
    shared: bool
    shared_hours: int


class CacheSettingsChange(EntryShape):
    shared: bool | None = None
    shared_hours: Annotated[int, Field(ge=1, le=168)] | None = None


class SettingsView(View):
    """All that tills work by at one location."""

    model_config = {"extra": "allow"}

    id: UUID
    version: int
    business: BusinessSettingsView
    hours: HoursView
    menu: MenuSettingsView
    receipt: ReceiptSettingsView
    taxes: TaxesView
    ui: UiView
    websocket: WebsocketView

"""Shapes of answers that several identity routes share."""

from typing import Literal
from uuid import UUID

from ...rest.shapes import NameView, View, WireMoment

Role = Literal["kitchen", "server", "cashier", "supervisor", "manager", "owner"]


Presence = Literal["online", "offline", "never"]
ConnectionEnding = Literal[
    "left",
    "unreachable",
    "restart",
    "signed_out",
    "revoked",
    "replaced",
    "crowded",
    "slow",
    "faulty",
    "unavailable",
    "lost",
    "other",
]


class EmployeeNameView(View):
    id: UUID
    name: str
    role: Role


class LocationView(View):
    id: UUID
    name: str
    time_zone: str
    currency: str


class EventLineView(View):
    """Where a till hears of events, and how it comes back after a break; see `docs/events.md`."""

    url: str
    reconnect_max_s: int
    poll_s: int


class SignInView(View):
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    expires_at: WireMoment
    refresh_token: str
    session_id: UUID
    employee: EmployeeNameView
    location: LocationView
    websocket: EventLineView
    permissions: list[str]


class DeviceView(View):
    id: UUID
    name: str
    location: NameView
    number_prefix: str
    state: Literal["paired", "revoked"]
    platform: str | None
    app_version: str | None
    paired_at: WireMoment
    last_seen_at: WireMoment | None
    revoked_at: WireMoment | None
    version: int


class EmployeeView(EmployeeNameView):
    email: str | None
    active: bool
    has_pin: bool
    locations: list[NameView]
    version: int


class EmptyView(View):
    """An answer with nothing to tell."""

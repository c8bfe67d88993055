"""What a payment provider outside this server is asked, and what it answers: plain values, no record.

Providers are called while no transaction is open, so nothing here knows the database. Amounts are
whole minor units, times are aware and UTC, states are ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Leg:
    """One attempt, as the provider sees it.

    ``key`` is its idempotency key: random, stored before the first call and never used for another
    wish. ``amount`` is all that the guest is charged (bill, tip and surcharge), ``application_fee`` what
    of it is Fynlo's. ``details`` is what the till gave for the provider (a PaymentMethod's id); it is
    not stored and is empty when a recovery job asks.
    """

    uuid: str
    key: str
    amount: int
    currency: str
    order_uuid: str
    location_uuid: str
    application_fee: int = 0
    manual_capture: bool = False
    reference: str | None = None
    sent_at: datetime | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefundLeg:
    """One refund of a leg that was captured. ``key`` is the refund's own idempotency key."""

    uuid: str
    key: str
    amount: int
    payment: Leg
    reference: str | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProviderState:
    """What the provider says of a leg now.

    ``state`` is one of ``PAYMENT_STATES``; ``unknown`` when it did not answer in time. ``failure_code``
    is a code of ours. ``card`` holds at most brand, last4 and funding; ``action`` what the guest or the
    till must do next (it may hold a client secret, which is passed on and never stored). ``alias`` is what
    notifications and reports may call the payment instead of by its ``reference``.
    """

    state: str
    reference: str | None = None
    amount: int | None = None
    amount_captured: int = 0
    amount_refunded: int = 0
    currency: str | None = None
    livemode: bool = False
    failure_code: str | None = None
    card: Mapping[str, str] | None = None
    action: Mapping[str, Any] | None = None
    capture_before: datetime | None = None
    raw_state: str | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class RefundState:
    """What the provider says of a refund now. ``state`` is one of ``REFUND_STATES``."""

    state: str
    reference: str | None = None
    amount: int | None = None
    failure_code: str | None = None
    raw_state: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One verified notification. It only says what to fetch again; what it claims is not believed.

    ``leg_uuid`` is the payment's id that the provider was given, if it sends it back.
    """

    id: str
    kind: str
    reference: str | None = None
    leg_uuid: str | None = None
    account: str | None = None
    livemode: bool = False
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the provider can be used; ``detail`` is for managers and holds no secret."""

    usable: bool
    detail: str = ""


class NotificationRefused(Exception):
    """A notification that is not the provider's, or not of now. Nothing of it is kept."""


class ProviderUnavailable(Exception):
    """The provider was certainly not asked, or certainly did nothing: the leg may be released or asked again.

    ``retry_after`` is in seconds.
    """

    def __init__(self, code: str, retry_after: int = 2) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class Listener(Protocol):
    """Who tells a provider's notifications from forgeries. It needs no location: each names its account itself."""

    def read_notification(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Sequence[Event]:
        """Verifies the raw request; may fetch the provider's keys, so it is called with no transaction open.

        Raises :class:`NotificationRefused`, and :class:`ProviderUnavailable` when nothing could be verified.
        """


class Connection(Protocol):
    """A provider with the settings of one location. Safe to call from any thread; every call ends within 15 s.

    A time-out is no failure: the answer is then ``unknown``. Every call may be repeated with the same leg.
    ``account`` and ``livemode`` are those that its notifications name.
    """

    @property
    def account(self) -> str | None: ...

    @property
    def livemode(self) -> bool: ...

    def create(self, leg: Leg) -> ProviderState: ...  # pylint: disable=method-required-super

    def fetch(self, leg: Leg) -> ProviderState: ...

    def find_by_key(self, leg: Leg) -> ProviderState | None:
        """The leg at the provider, or ``None`` when it certainly never arrived there."""

    def capture(self, leg: Leg, amount: int) -> ProviderState: ...

    def cancel(self, leg: Leg) -> ProviderState:
        """Ends the leg; when that is too late the answer says what it has become."""

    def refund(self, refund: RefundLeg) -> RefundState: ...

    def fetch_refund(self, refund: RefundLeg) -> RefundState: ...

    def find_refund_by_key(self, refund: RefundLeg) -> RefundState | None: ...

    def read_notification(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Sequence[Event]:
        """Verifies the raw request. Raises :class:`NotificationRefused`."""

    def health(self) -> Health: ...

"""What a payment provider reports of an account: money that moved in it, and what was paid out of it.

Plain values, as in ``connection.py``: the provider is asked while no transaction is open. Amounts
are whole minor units of the account's currency, times are aware and UTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, runtime_checkable

#: Movements that the ledger must have a fact of. ``release`` gives back what a smaller capture left of a charge.
LEDGER_KINDS = ("charge", "release", "refund", "refund_failed", "dispute")
#: Movements that the ledger has no word for; people must look at them.
FOREIGN_KINDS = ("adjustment",)
#: Movements between the provider and the restaurant alone.
QUIET_KINDS = ("fee", "payout")
MOVEMENT_KINDS = LEDGER_KINDS + FOREIGN_KINDS + QUIET_KINDS
PAYOUT_STATES = ("pending", "in_transit", "paid", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that came into an account (above 0) or left it.

    ``id`` is the provider's and stands for the same movement for good. ``reference`` and
    ``refund_reference`` name payment and refund at the provider; ``leg_uuid`` and ``refund_uuid`` are our
    own ids, when the provider was given them and sends them back. ``fee`` is what the provider kept,
    ``platform_fee`` what of it is Fynlo's; ``net`` is what arrived. ``charged`` and ``charged_currency``
    are what the guest was charged, where that is another currency than the account's.
    """

    id: str
    kind: str
    amount: int
    net: int
    currency: str
    at: datetime
    fee: int = 0
    platform_fee: int = 0
    reference: str | None = None
    refund_reference: str | None = None
    leg_uuid: str | None = None
    refund_uuid: str | None = None
    charged: int | None = None
    charged_currency: str | None = None
    payout: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in MOVEMENT_KINDS:
            raise ValueError(self.kind)


@dataclass(frozen=True, slots=True)
class Payout:
    """Money on its way to the restaurant's bank. ``itemised``: the provider tells which movements are in it."""

    id: str
    amount: int
    currency: str
    state: str
    at: datetime
    arrives_on: date
    itemised: bool = True

    def __post_init__(self) -> None:
        if self.state not in PAYOUT_STATES:
            raise ValueError(self.state)


class ReportUnreadable(Exception):
    """The provider answered something that we cannot understand: nothing may be concluded from it."""


class Settlements(Protocol):
    """The report of one account. Safe to call from any thread; everything may be asked again.

    Iterating may call the provider for the next page. Raises :class:`~.connection.ProviderUnavailable`
    when it does not answer in time and :class:`ReportUnreadable`; what was yielded before is good.
    """

    #: The provider's code, whether money is real, and whether the provider keeps Fynlo's fee for it.
    provider: str
    livemode: bool
    takes_platform_fee: bool

    def account(self) -> str:
        """The account's name at the provider; the same whichever location asks."""

    def movements(self, since: datetime, until: datetime) -> Iterable[Movement]:
        """What moved from ``since`` on and before ``until``, in any order."""

    def payouts(self, since: datetime, until: datetime) -> Iterable[Payout]:
        """Payouts that were made from ``since`` on and before ``until``."""

    def movements_of(self, payout: str) -> Iterable[Movement]:
        """The movements that an itemised payout is made of."""


@runtime_checkable
class ReportsSettlements(Protocol):
    """A connection whose provider also reports settlements."""

    def settlements(self) -> Settlements: ...

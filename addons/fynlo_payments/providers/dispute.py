"""What a provider says of disputes: a guest's bank takes a payment back until it is decided whose money it is.

A connection may fulfil ``Disputes`` besides ``Connection``; bank payments know no disputes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from .connection import Leg


@dataclass(frozen=True, slots=True)
class DisputeState:
    """A dispute as it is now. ``state`` is one of ``DISPUTE_STATES``.

    ``amount`` is what the guest's bank asks back, ``held`` what of it is no longer in the account; both
    are minor units of ``currency``. After ``due_by`` it is lost when nothing was answered.
    """

    reference: str
    state: str
    amount: int
    currency: str
    held: int = 0
    reason: str = ""
    due_by: datetime | None = None


@runtime_checkable
class Disputes(Protocol):
    def disputes(self, leg: Leg) -> Sequence[DisputeState]:
        """All disputes of a captured leg, as they are now. Calls the provider, and may be repeated.

        Raises :class:`~.connection.ProviderUnavailable` when it does not answer.
        """

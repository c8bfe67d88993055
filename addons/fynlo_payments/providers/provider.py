"""The contract a payment provider fulfils. One file a provider beside this one."""

from dataclasses import dataclass
from datetime import timedelta

from odoo import models

from .connection import ProviderUnavailable

PREFIX = "fynlo.provider."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a provider says of one attempt. ``state`` is one of ours, never the provider's."""

    state: str
    reference: str | None = None
    change: int = 0
    failure_code: str | None = None


class FynloProvider(models.AbstractModel):
    """A provider talks to the outside and translates. It writes no record.

    One that takes the money itself (``_immediate``) has ``_charge`` and ``_refund``; any other has
    ``_connection``, and is called while no transaction is open.

    To add one: a file here with ``_name = PREFIX + code`` and this model in ``_inherit``. It is a
    tender from the moment it is installed.
    """

    _name = "fynlo.provider"
    _description = "Payment provider"

    #: Whether a charge is over at once, inside the request's transaction (the drawer is local).
    _immediate = False
    #: The name under which a bank's notifications come in: ``/open-banking/webhook/<name>``.
    _bank_name = None
    #: Whether more may be handed over than is due, and the rest comes back from the drawer.
    _gives_change = False
    #: How long a guest may take. Then the attempt is ended at the provider, and nobody can pay it any more.
    _expires_after = timedelta(minutes=15)
    #: Where on this server its notifications come in, to be entered at the provider; ``None`` when it sends none.
    _notified_at = None
    #: Kinds of notifications that lead up to a payment's capture, and nothing after it; once it is captured, no news.
    _kinds_until_captured = frozenset()
    #: Whether its money is booked through a bank journal; stored value is a debt to the guest and has none.
    _needs_journal = True

    def _charge(self, attempt):
        """Take ``attempt.amount`` of ``attempt``; safe to call again for the same attempt.

        Returns an :class:`Outcome`. The base refuses: every tender says how it is taken.
        """
        return Outcome("failed", failure_code="provider_unavailable")

    def _refund(self, refund):
        """Give ``refund.amount`` of ``refund.payment_id`` back; safe to call again for the same refund.

        Returns an :class:`Outcome` whose state is one of ``REFUND_STATES``. The base refuses.
        """
        return Outcome("failed", failure_code="provider_unavailable")

    def _captures_later(self, location):
        """Whether the location has every payment authorised first, and captures it when it likes."""
        return False

    def _connection(self, location):
        """The :class:`~.connection.Connection` with the settings of ``location`` (pos.config). Does not call anybody.

        Raises :class:`~.connection.ProviderUnavailable` when the location has none.
        """
        raise ProviderUnavailable("provider_unavailable")

    def _place(self, location):
        """Where at the provider payments of ``location`` are made now, as columns of the payment that keeps it.

        Nothing when the provider has one place only.
        """
        return {}

    def _connection_of(self, payment):
        """The connection to where ``payment`` was made, whatever has become of its location's settings.

        Raises as :meth:`_connection`.
        """
        return self._connection(payment.config_id)

    def _listener(self):
        """The :class:`~.connection.Listener` of the provider's notifications; made from settings, it reads no record.

        Raises :class:`~.connection.ProviderUnavailable` when nothing is set up that could verify them.
        """
        raise ProviderUnavailable("provider_unavailable")

    def _setup_facts(self, location):
        """What it needs at ``location`` as a list of :class:`~.setup.SetupFact`; nothing for what is local."""
        return []

    def _setup_mode(self, location):
        """``live`` when real money moves at ``location``, ``test`` when none does, ``None`` for what is local."""
        return None

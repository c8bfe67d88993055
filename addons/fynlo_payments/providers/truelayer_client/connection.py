"""Bank payments through TrueLayer, as the payment service asks for them."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from ..connection import (
    Event,
    Health,
    Leg,
    ProviderState,
    ProviderUnavailable,
    RefundLeg,
    RefundState,
)
from .calls import Calls, NoAnswer
from .environment import Account, Environment
from .key_set import KeySet
from .notifications import read_event
from .settlements import TrueLayerSettlements
from .signature import Request, verify_notification
from .states import payment_state, refund_state

#: TrueLayer forgets keys after a day; later a repetition would be a second wish.
KEY_LIVES = timedelta(hours=23)
#: A refund that was sent may take this long to be listed.
LISTED_AFTER = timedelta(minutes=2)
REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,64}")  # it becomes part of a path

UNKNOWN = ProviderState("unknown")


class TrueLayerConnection:
    """Fulfils ``Connection``; keep it between calls, for it holds the token and the keys of notifications.

    Money moves only when the guest agrees at the bank, so a payment that was made twice by mistake
    could not be charged twice; the key prevents it all the same.
    """

    def __init__(self, environment: Environment, account: Account) -> None:
        self._environment = environment
        self._account = account
        self._calls = Calls(environment, account)
        self._keys = KeySet(self._calls.key_set)

    @property
    def account(self) -> None:
        """TrueLayer's notifications name none: an installation has one account."""
        return None

    @property
    def livemode(self) -> bool:
        return self._environment.live

    def create(self, leg: Leg) -> ProviderState:  # pylint: disable=method-required-super
        """The answer's action is the bank page; its address holds a secret that is passed on, never stored."""
        try:
            answer = self._calls.post("/v3/payments", leg.key, self._wish(leg))
        except NoAnswer:
            return UNKNOWN
        if answer.status >= 400:
            return ProviderState("failed", failure_code="provider_refused", livemode=self._environment.live)
        made = {"amount_in_minor": leg.amount, "currency": leg.currency, **answer.body}
        return self._with_page(self._read(made), answer.body.get("resource_token"))

    def fetch(self, leg: Leg) -> ProviderState:
        if not leg.reference:
            return self.find_by_key(leg)
        try:
            answer = self._calls.get(f"/v3/payments/{_safe(leg.reference)}")
        except NoAnswer:
            return UNKNOWN
        return self._read(answer.body) if answer.status == 200 else UNKNOWN

    def find_by_key(self, leg: Leg) -> ProviderState:
        """Asks again by the same key, as TrueLayer cannot search: the same payment, or one that nobody pays.

        The answer's state is read afresh, as a repeated create tells how the payment began; while the
        guest has yet to agree it names the bank page again.
        ``unknown`` once the key may have been forgotten.
        """
        if leg.sent_at and datetime.now(UTC) - leg.sent_at > KEY_LIVES:
            return UNKNOWN
        made = self.create(leg)
        if not made.reference:
            return made
        found = self.fetch(_known(leg, made.reference))
        return replace(found, action=made.action) if found.state == "action_required" else found

    def capture(self, leg: Leg, amount: int) -> ProviderState:
        """Banks know no capture of their own: the guest's consent is for the whole amount."""
        return self.fetch(leg)

    def cancel(self, leg: Leg) -> ProviderState:
        if not leg.reference:
            found = self.find_by_key(leg)
            if not found.reference:
                return found
            leg = _known(leg, found.reference)
        with suppress(NoAnswer):  # refused when it is too late: what it has become is read either way
            self._calls.post(f"/v3/payments/{_safe(leg.reference)}/actions/cancel", f"{leg.key}-cancel")
        return self.fetch(leg)

    def refund(self, refund: RefundLeg) -> RefundState:
        wish = {
            "amount_in_minor": refund.amount,
            "reference": _reference(refund.uuid),
            "metadata": {"refund_uuid": refund.uuid},
        }
        try:
            answer = self._calls.post(f"{_refunds(refund)}", refund.key, wish)
        except NoAnswer:
            return RefundState("unknown")
        if answer.status >= 400:
            return RefundState("failed", failure_code="provider_refused")
        return refund_state({"status": "pending", "amount_in_minor": refund.amount, **answer.body})

    def fetch_refund(self, refund: RefundLeg) -> RefundState:
        if not refund.reference:
            return self.find_refund_by_key(refund) or RefundState("unknown")
        try:
            answer = self._calls.get(f"{_refunds(refund)}/{_safe(refund.reference)}")
        except NoAnswer:
            return RefundState("unknown")
        return refund_state(answer.body) if answer.status == 200 else RefundState("unknown")

    def find_refund_by_key(self, refund: RefundLeg) -> RefundState | None:
        """Found by our own id in the payment's refunds. ``unknown`` while it may yet appear there."""
        try:
            answer = self._calls.get(_refunds(refund))
        except NoAnswer:
            return RefundState("unknown")
        items = answer.body.get("items")
        if answer.status != 200 or not isinstance(items, list):
            return RefundState("unknown")
        for item in items:
            if isinstance(item, dict) and (item.get("metadata") or {}).get("refund_uuid") == refund.uuid:
                return refund_state(item)
        early = refund.sent_at is None or datetime.now(UTC) - refund.sent_at < LISTED_AFTER
        return RefundState("unknown") if early else None

    def read_notification(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Sequence[Event]:
        """One event. Raises :class:`NotificationRefused`; :class:`ProviderUnavailable` while keys cannot be read."""
        given = {name.lower(): value for name, value in headers.items()}
        request = Request(method, path, given, body)
        try:
            verify_notification(request, given.get("tl-signature", ""), self._environment.key_set, self._keys.key)
        except NoAnswer as late:
            raise ProviderUnavailable("provider_unavailable") from late
        return [read_event(given, body, now, self._environment.live)]

    def settlements(self) -> TrueLayerSettlements:
        """What TrueLayer reports of the merchant account."""
        return TrueLayerSettlements(self._calls, self._account.merchant_account, self._environment.live)

    def health(self) -> Health:
        try:
            self._calls.token()
        except ProviderUnavailable:
            return Health(False, "TrueLayer gives no access token: check client id, secret and network.")
        return Health(True)

    def _wish(self, leg: Leg) -> dict[str, Any]:
        """The same for every call of a leg: another body under a used key would be refused."""
        return {
            "amount_in_minor": leg.amount,
            "currency": leg.currency,
            "payment_method": {
                "type": "bank_transfer",
                "provider_selection": {"type": "user_selected"},
                "beneficiary": {
                    "type": "merchant_account",
                    "merchant_account_id": self._account.merchant_account,
                    "reference": _reference(leg.uuid),
                },
            },
            "user": {"name": "Restaurant guest", "email": self._account.payer_email},
            "metadata": {"leg_uuid": leg.uuid, "order_uuid": leg.order_uuid},
        }

    def _read(self, payment: Mapping[str, Any]) -> ProviderState:
        return payment_state(payment, self._account.settle_above, self._environment.live)

    def _with_page(self, state: ProviderState, token: Any) -> ProviderState:
        if state.state != "action_required" or not isinstance(token, str) or not state.reference:
            return state
        query = urlencode(
            {"payment_id": state.reference, "resource_token": token, "return_uri": self._account.return_url}
        )
        return replace(state, action={"type": "redirect", "url": f"{self._environment.page}#{query}"})


def _known(leg: Leg, reference: str) -> Leg:
    return replace(leg, reference=reference)


def _refunds(refund: RefundLeg) -> str:
    return f"/v3/payments/{_safe(refund.payment.reference)}/refunds"


def _reference(uuid: str) -> str:
    """What the guest's bank statement shows; banks allow 18 characters."""
    return uuid.replace("-", "")[-18:]


def _safe(reference: str | None) -> str:
    if not reference or not REFERENCE.fullmatch(reference):
        raise ProviderUnavailable("provider_unavailable")
    return reference

"""Payments, refunds and notifications of one location at Stripe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe

from ..connection import (
    Event,
    Health,
    Leg,
    NotificationRefused,
    ProviderState,
    ProviderUnavailable,
    RefundLeg,
    RefundState,
)
from . import notification
from .settlements import StripeSettlements
from .states import CONFIRMED_BY_SERVER, decline_code, payment_state, refund_state
from .transport import TIMEOUT_SECONDS, NoAnswer, ask

UNKNOWN = ProviderState("unknown")
REFUND_UNKNOWN = RefundState("unknown")
KEYS_LIVE = timedelta(hours=23)  # Stripe forgets idempotency keys after a day
IN_FLIGHT = timedelta(seconds=60)
CLOCK_SLACK = timedelta(minutes=5)
PAGES = 5


@dataclass(frozen=True, slots=True)
class StripeSettings:
    """How one location reaches Stripe. Secrets are never shown; ``api_base`` is for simulators."""

    secret_key: str = field(repr=False)
    livemode: bool
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    account: str | None = None
    api_version: str = "2023-10-16"
    api_base: str | None = None


class StripeConnection:
    """Fulfils ``Connection``. Raises :class:`ProviderUnavailable` when the key is not of the location's mode."""

    def __init__(self, settings: StripeSettings) -> None:
        kind = "live" if settings.livemode else "test"
        if not settings.secret_key.startswith((f"sk_{kind}_", f"rk_{kind}_")):
            raise ProviderUnavailable("provider_unavailable")
        self._settings = settings
        client = stripe.StripeClient(
            settings.secret_key,
            stripe_version=settings.api_version,
            stripe_account=settings.account,
            max_network_retries=0,  # transport.ask repeats, within one deadline
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
            **({"base_addresses": {"api": settings.api_base}} if settings.api_base else {}),
        )
        self._client = client
        self._intents, self._refunds, self._balance = (
            client.v1.payment_intents,
            client.v1.refunds,
            client.v1.balance,
        )

    def create(self, leg: Leg) -> ProviderState:  # pylint: disable=method-required-super
        if leg.sent_at and datetime.now(UTC) - leg.sent_at > KEYS_LIVE:
            return self.find_by_key(leg) or UNKNOWN
        params, options = self._wish(leg), {"idempotency_key": leg.key}
        return self._payment(lambda: self._intents.create(params, options))

    def fetch(self, leg: Leg) -> ProviderState:
        if not leg.reference:
            return self.find_by_key(leg) or UNKNOWN
        return self._believed(leg.reference)

    def find_by_key(self, leg: Leg) -> ProviderState | None:
        if leg.sent_at is None:
            return None
        try:
            found = self._search(self._intents.list, {}, leg.uuid, "leg_uuid", leg.sent_at)
        except NoAnswer:
            return UNKNOWN
        return payment_state(found) if found else None

    def capture(self, leg: Leg, amount: int) -> ProviderState:
        params: dict[str, Any] = {"amount_to_capture": amount, "expand": ["latest_charge"]}
        if leg.application_fee:
            params["application_fee_amount"] = min(leg.application_fee, amount)
        options = {"idempotency_key": f"{leg.key}:capture:{amount}"}
        return self._change(leg, lambda: self._intents.capture(leg.reference, params, options))

    def cancel(self, leg: Leg) -> ProviderState:
        if not leg.reference:
            found = self.find_by_key(leg)
            if found is None or not found.reference:
                return found or ProviderState("cancelled")
            reference = found.reference
        else:
            reference = leg.reference
        options = {"idempotency_key": f"{leg.key}:cancel"}
        return self._change(leg, lambda: self._intents.cancel(reference, {}, options), reference)

    def refund(self, refund: RefundLeg) -> RefundState:
        if refund.sent_at and datetime.now(UTC) - refund.sent_at > KEYS_LIVE:
            return self.find_refund_by_key(refund) or REFUND_UNKNOWN
        params: dict[str, Any] = {
            "payment_intent": refund.payment.reference,
            "amount": refund.amount,
            "metadata": {"refund_uuid": refund.uuid, "leg_uuid": refund.payment.uuid},
        }
        if refund.payment.application_fee:
            params["refund_application_fee"] = True
        return self._refund(lambda: self._refunds.create(params, {"idempotency_key": refund.key}))

    def fetch_refund(self, refund: RefundLeg) -> RefundState:
        if not refund.reference:
            return self.find_refund_by_key(refund) or REFUND_UNKNOWN
        try:
            return refund_state(ask(lambda: self._refunds.retrieve(refund.reference)))
        except (NoAnswer, stripe.InvalidRequestError):
            return REFUND_UNKNOWN

    def find_refund_by_key(self, refund: RefundLeg) -> RefundState | None:
        if refund.sent_at is None:
            return None
        only = {"payment_intent": refund.payment.reference}
        try:
            found = self._search(self._refunds.list, only, refund.uuid, "refund_uuid", refund.sent_at)
        except NoAnswer:
            return REFUND_UNKNOWN
        return refund_state(found) if found else None

    def read_notification(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Sequence[Event]:
        """Raises :class:`ProviderUnavailable` when no secret is set: nothing is ever taken unverified."""
        if not any(self._settings.webhook_secrets):
            raise ProviderUnavailable("provider_unavailable")
        notification.verify(body, notification.header_of(headers), self._settings.webhook_secrets, now)
        event = notification.read(body)
        if event.account != self._settings.account or event.livemode != self._settings.livemode:
            raise NotificationRefused("account")
        return [event]

    def settlements(self) -> StripeSettlements:
        """What Stripe reports of the location's account."""
        return StripeSettlements(self._client, self._settings.account, self._settings.livemode)

    def health(self) -> Health:
        if not any(self._settings.webhook_secrets):
            return Health(False, "no webhook secret")
        try:
            balance = ask(lambda: self._balance.retrieve())
        except NoAnswer:
            return Health(False, "no answer")
        except (ProviderUnavailable, stripe.StripeError):
            return Health(False, "refused")
        same = balance.get("livemode") is self._settings.livemode
        return Health(same, "" if same else "the key is of the other mode")

    def _wish(self, leg: Leg) -> dict[str, Any]:
        metadata = {"leg_uuid": leg.uuid, "order_uuid": leg.order_uuid, "location_uuid": leg.location_uuid}
        params: dict[str, Any] = {
            "amount": leg.amount,
            "currency": leg.currency.lower(),
            "capture_method": "manual" if leg.manual_capture else "automatic",
            "payment_method_types": ["card_present" if leg.details.get("card_present") else "card"],
            "metadata": metadata,
            "expand": ["latest_charge"],
        }
        if leg.application_fee:
            params["application_fee_amount"] = leg.application_fee
        if method := leg.details.get("payment_method"):
            metadata["confirmed_by"] = CONFIRMED_BY_SERVER
            params |= {"payment_method": method, "confirm": True}
        return params

    def _payment(self, call: Any) -> ProviderState:
        try:
            return payment_state(ask(call))
        except NoAnswer:
            return UNKNOWN
        except stripe.CardError as error:
            body = (error.json_body or {}).get("error", {})
            reference = (body.get("payment_intent") or {}).get("id")
            return ProviderState("failed", reference=reference, failure_code=decline_code(body))
        except stripe.InvalidRequestError:
            return ProviderState("failed", failure_code="provider_refused")

    def _change(self, leg: Leg, call: Any, reference: str | None = None) -> ProviderState:
        """A change of what is there already: when Stripe refuses it, what it says the payment is now."""
        try:
            return payment_state(ask(call))
        except NoAnswer:
            return UNKNOWN
        except (stripe.CardError, stripe.InvalidRequestError):
            return self._believed(reference or leg.reference)

    def _believed(self, reference: str | None) -> ProviderState:
        try:
            return payment_state(ask(lambda: self._intents.retrieve(reference, {"expand": ["latest_charge"]})))
        except (NoAnswer, stripe.InvalidRequestError):
            return UNKNOWN

    def _refund(self, call: Any) -> RefundState:
        try:
            return refund_state(ask(call))
        except NoAnswer:
            return REFUND_UNKNOWN
        except (stripe.CardError, stripe.InvalidRequestError):
            return RefundState("failed", failure_code="refund_refused")

    def _search(self, page_of: Any, only: dict[str, Any], uuid: str, name: str, sent_at: datetime) -> Any:
        """The object with that uuid. Raises :class:`NoAnswer` unless all that may hold it was read."""
        first = int((sent_at - CLOCK_SLACK).timestamp())
        params = {"limit": 100, "created": {"gte": first, "lte": first + 86_400}, **only}
        for _page in range(PAGES):
            try:
                page = ask(lambda: page_of(params))  # noqa: B023 (called at once)
            except stripe.InvalidRequestError as error:
                raise NoAnswer from error
            for item in page["data"]:
                if (item.get("metadata") or {}).get(name) == uuid:
                    return item
            if not page["has_more"]:
                break
            params = params | {"starting_after": page["data"][-1]["id"]}
        else:
            raise NoAnswer
        if datetime.now(UTC) - sent_at < IN_FLIGHT:
            raise NoAnswer
        return None

"""Payments, refunds and notifications of one location at Stripe."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from ..dispute import DisputeState
from .checkout import CheckoutPage, StripeCheckout, is_checkout
from .currencies import NotChargeable, Scale
from .disputes import dispute_state
from .finding import found_leg, found_refund
from .notification import StripeListener
from .settlements import StripeSettlements
from .states import CONFIRMED_BY_SERVER, decline_code, payment_state, refund_state
from .transport import NoAnswer, StripeLine, ask, in_time

UNKNOWN = ProviderState("unknown")
REFUND_UNKNOWN = RefundState("unknown")
KEYS_LIVE = timedelta(hours=23)  # Stripe forgets idempotency keys after a day
CLOCKS_APART_S = 60
METHOD = re.compile(r"pm_\w{1,100}")
TOKEN = re.compile(r"tok_\w{1,100}")


@dataclass(frozen=True, slots=True)
class StripeSettings:
    """How one location reaches Stripe. Secrets are never shown; ``api_base`` is for simulators.

    ``digits`` is what the location's minor unit counts.
    """

    secret_key: str = field(repr=False)
    livemode: bool
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    account: str | None = None
    api_version: str = "2023-10-16"
    api_base: str | None = None
    digits: int | None = None


class StripeConnection:
    """Fulfils ``Connection``. Raises :class:`ProviderUnavailable` when the key is not of the location's mode."""

    def __init__(self, settings: StripeSettings) -> None:
        kind = "live" if settings.livemode else "test"
        if not settings.secret_key.startswith((f"sk_{kind}_", f"rk_{kind}_")):
            raise ProviderUnavailable("provider_unavailable")
        self._settings = settings
        self._line = StripeLine()
        options: dict[str, Any] = {"base_addresses": {"api": settings.api_base}} if settings.api_base else {}
        self._client = stripe.StripeClient(
            settings.secret_key,
            stripe_version=settings.api_version,
            stripe_account=settings.account,
            max_network_retries=0,  # transport.ask repeats, within one deadline
            http_client=self._line,
            **options,
        )
        self._api: Any = self._client.v1
        self._checkout = StripeCheckout(self._api, settings.digits)
        self._report = StripeSettlements(self._api, settings.account, settings.livemode, settings.digits)

    @property
    def account(self) -> str | None:
        return self._settings.account

    @property
    def livemode(self) -> bool:
        return self._settings.livemode

    @in_time
    def create(self, leg: Leg) -> ProviderState:  # pylint: disable=method-required-super
        if leg.sent_at and datetime.now(UTC) - leg.sent_at > KEYS_LIVE:
            return self.find_by_key(leg) or UNKNOWN
        if is_checkout(leg.reference):
            return self._believed(leg.reference)
        page = leg.details.get("checkout")
        try:
            wish = self._wish(leg)
        except NotChargeable:
            return ProviderState("failed", failure_code="amount_not_chargeable")
        except ValueError:
            return ProviderState("failed", failure_code="provider_refused")
        try:
            if isinstance(page, CheckoutPage):
                return self._checkout.create(leg, page, wish)
            return self._read(ask(lambda: self._api.payment_intents.create(wish, {"idempotency_key": leg.key})))
        except NoAnswer:
            return UNKNOWN
        except stripe.IdempotencyError:  # it arrived before with what the till gave for it
            return self.find_by_key(leg) or UNKNOWN
        except stripe.CardError as error:
            return _declined(error)
        except stripe.InvalidRequestError:
            return ProviderState("failed", failure_code="provider_refused")

    @in_time
    def confirm(self, leg: Leg) -> ProviderState:
        """Charge what the leg's details name. Repeated it charges nothing more, as an intent is charged once.

        Declined, it is ``failed`` with our code, and still open at Stripe: cancel it before letting it go.
        """
        try:
            params = {**_method(leg.details), "expand": ["latest_charge"]}
            return self._read(ask(lambda: self._api.payment_intents.confirm(leg.reference, params)))
        except NoAnswer:
            return UNKNOWN
        except stripe.CardError as error:
            return _declined(error)
        except (stripe.InvalidRequestError, ValueError):
            return self._believed(leg.reference)

    @in_time
    def fetch(self, leg: Leg) -> ProviderState:
        if not leg.reference:
            return self.find_by_key(leg) or UNKNOWN
        return self._believed(leg.reference)

    @in_time
    def find_by_key(self, leg: Leg) -> ProviderState | None:
        if leg.sent_at is None:
            return None
        try:
            kinds = (self._api.payment_intents.list, self._checkout.listed)
            found = found_leg(kinds, leg.uuid, leg.sent_at, KEYS_LIVE)
            page = (found["id"] if is_checkout(found["id"]) else self._checkout.of_intent(found)) if found else None
        except NoAnswer:
            return UNKNOWN
        return self._believed(page) if page else self._read(found) if found else None

    @in_time
    def capture(self, leg: Leg, amount: int) -> ProviderState:
        """A repetition captures nothing more, as Stripe captures a payment once; so it needs no key of its own."""
        scale = Scale(leg.currency, self._settings.digits)
        try:
            params: dict[str, Any] = {"amount_to_capture": scale.to_stripe(amount), "expand": ["latest_charge"]}
        except NotChargeable:
            return self._believed(leg.reference)
        if fee := self._fee(leg):
            params["application_fee_amount"] = min(fee, params["amount_to_capture"])
        return self._change(leg.reference, lambda intent: self._api.payment_intents.capture(intent, params))

    @in_time
    def cancel(self, leg: Leg) -> ProviderState:
        reference = leg.reference
        if not reference:
            found = self.find_by_key(leg)
            if found is None or not found.reference:
                return found or ProviderState("cancelled")
            reference = found.reference
        if is_checkout(reference):
            return self._told(lambda: self._checkout.cancel(reference))
        return self._change(reference, self._api.payment_intents.cancel)

    @in_time
    def refund(self, refund: RefundLeg) -> RefundState:
        if refund.sent_at and datetime.now(UTC) - refund.sent_at > KEYS_LIVE:
            return self.find_refund_by_key(refund) or REFUND_UNKNOWN
        try:
            refund = self._of_intent(refund)
            wish = self._refund_wish(refund)
            return self._refunded(ask(lambda: self._api.refunds.create(wish, {"idempotency_key": refund.key})))
        except NoAnswer:
            return REFUND_UNKNOWN
        except NotChargeable:
            return RefundState("failed", failure_code="refund_refused")
        except (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError):
            return self._refused(refund)

    @in_time
    def fetch_refund(self, refund: RefundLeg) -> RefundState:
        if not refund.reference:
            return self.find_refund_by_key(refund) or REFUND_UNKNOWN
        try:
            return self._refunded(ask(lambda: self._api.refunds.retrieve(refund.reference)))
        except (NoAnswer, stripe.InvalidRequestError):
            return REFUND_UNKNOWN

    @in_time
    def find_refund_by_key(self, refund: RefundLeg) -> RefundState | None:
        if refund.sent_at is None:
            return None
        try:
            found = found_refund(self._api.refunds.list, self._of_intent(refund), in_flight=True)
        except NoAnswer:
            return REFUND_UNKNOWN
        return self._refunded(found) if found else None

    def read_notification(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Sequence[Event]:
        """Those of this location alone. Raises :class:`ProviderUnavailable` while it has no secret."""
        listener = StripeListener(self._settings.webhook_secrets)
        for event in (events := listener.read_notification(method, path, headers, body, now)):
            if event.account != self._settings.account or event.livemode != self._settings.livemode:
                raise NotificationRefused("account")
        return events

    def settlements(self) -> StripeSettlements:
        """What Stripe reports of the location's account."""
        return self._report

    @in_time
    def connection_token(self, place: str | None) -> str:
        """What a reader needs to speak with Stripe itself; a secret that is passed on and never kept.

        ``place`` is Stripe's id of the location of its readers. Raises :class:`ProviderUnavailable`.
        """
        params = {"location": place} if place else {}
        try:
            return str(ask(lambda: self._api.terminal.connection_tokens.create(params))["secret"])
        except (NoAnswer, stripe.StripeError) as error:
            raise ProviderUnavailable("provider_unavailable") from error

    @in_time
    def disputes(self, leg: Leg) -> list[DisputeState]:
        """Raises :class:`ProviderUnavailable` when Stripe does not answer, or not with disputes."""
        try:
            intent = self._intent(leg)
            wish = {"payment_intent": intent, "limit": 100}
            found = ask(lambda: self._api.disputes.list(wish))["data"] if intent else []
            return [dispute_state(one, self._settings.digits) for one in found]
        except (NoAnswer, stripe.InvalidRequestError, KeyError, TypeError, ValueError) as error:
            raise ProviderUnavailable("provider_unavailable") from error

    @in_time
    def health(self) -> Health:
        """Reads the balance, which takes no money. The details are sentences for a manager."""
        if not any(self._settings.webhook_secrets):
            return Health(False, "There is no webhook secret, so notifications cannot be believed.")
        try:
            balance = ask(lambda: self._api.balance.retrieve())
        except NoAnswer:
            return Health(False, "Stripe does not answer.")
        except (ProviderUnavailable, stripe.StripeError) as refusal:
            limited = isinstance(refusal.__cause__, stripe.PermissionError)
            told = "The key may not read the balance, or not for this account." if limited else "The key is refused."
            return Health(False, told)
        if balance.get("livemode") is not self._settings.livemode:
            return Health(False, "The key is of the other mode.")
        if self._line.skew_s > CLOCKS_APART_S:
            return Health(False, "This server's clock is wrong by more than a minute.")
        return Health(True)

    def _wish(self, leg: Leg) -> dict[str, Any]:
        """The same for every call of a leg. Raises ``ValueError`` for details that Stripe cannot have given."""
        metadata = {"leg_uuid": leg.uuid, "order_uuid": leg.order_uuid, "location_uuid": leg.location_uuid}
        params: dict[str, Any] = {
            "amount": Scale(leg.currency, self._settings.digits).to_stripe(leg.amount),
            "currency": leg.currency.lower(),
            "capture_method": "manual" if leg.manual_capture else "automatic",
            "payment_method_types": ["card_present" if leg.details.get("card_present") else "card"],
            "metadata": metadata,
            "expand": ["latest_charge"],
        }
        if fee := self._fee(leg):
            params["application_fee_amount"] = fee
        if "checkout" in leg.details and not isinstance(leg.details["checkout"], CheckoutPage):
            raise ValueError("no page of ours")
        if method := _method(leg.details):
            metadata["confirmed_by"] = CONFIRMED_BY_SERVER
            params |= {**method, "confirm": True}
        return params

    def _refund_wish(self, refund: RefundLeg) -> dict[str, Any]:
        params: dict[str, Any] = {
            "payment_intent": refund.payment.reference,
            "amount": Scale(refund.payment.currency, self._settings.digits).to_stripe(refund.amount),
            "metadata": {"refund_uuid": refund.uuid, "leg_uuid": refund.payment.uuid},
        }
        if self._fee(refund.payment):
            params["refund_application_fee"] = True
        return params

    def _fee(self, leg: Leg) -> int:
        """Fynlo's share as Stripe counts it; a restaurant's own key collects none for us."""
        if not self._settings.account or not leg.application_fee:
            return 0
        scale = Scale(leg.currency, self._settings.digits)
        return leg.application_fee * scale.to_stripe(leg.amount) // leg.amount

    def _change(self, reference: str | None, change: Callable[[Any], Any]) -> ProviderState:
        """A change of what is there already: when Stripe refuses it, what it says the payment is now."""
        try:
            if is_checkout(reference):
                return self._checkout.through(str(reference), change)
            return self._read(ask(lambda: change(reference)))
        except NoAnswer:
            return UNKNOWN
        except (stripe.CardError, stripe.InvalidRequestError):
            return self._believed(reference)

    def _believed(self, reference: str | None) -> ProviderState:
        if is_checkout(reference):
            return self._told(lambda: self._checkout.fetch(str(reference)))
        expanded = {"expand": ["latest_charge"]}
        return self._told(lambda: self._read(ask(lambda: self._api.payment_intents.retrieve(reference, expanded))))

    def _intent(self, leg: Leg) -> str | None:
        """The PaymentIntent of a leg, also of one that was paid on Stripe's page. Raises as ``ask`` does."""
        return self._checkout.intent_behind(str(leg.reference)) if is_checkout(leg.reference) else leg.reference

    def _of_intent(self, refund: RefundLeg) -> RefundLeg:
        """Refunds are of PaymentIntents, whatever the leg's own reference is. Raises :class:`NoAnswer`."""
        if not is_checkout(refund.payment.reference):
            return refund
        try:
            return replace(refund, payment=replace(refund.payment, reference=self._intent(refund.payment)))
        except stripe.InvalidRequestError as error:
            raise NoAnswer from error

    @staticmethod
    def _told(step: Callable[[], ProviderState]) -> ProviderState:
        try:
            return step()
        except (NoAnswer, stripe.InvalidRequestError):
            return UNKNOWN

    def _refused(self, refund: RefundLeg) -> RefundState:
        """A refusal may only mean that an earlier try has given back all there is, so that is looked for first."""
        try:
            found = found_refund(self._api.refunds.list, self._of_intent(refund), in_flight=False)
        except NoAnswer:
            return REFUND_UNKNOWN
        return self._refunded(found) if found else RefundState("failed", failure_code="refund_refused")

    def _read(self, intent: dict[str, Any]) -> ProviderState:
        return payment_state(intent, self._settings.digits)

    def _refunded(self, refund: dict[str, Any]) -> RefundState:
        return refund_state(refund, self._settings.digits)


def _method(details: Mapping[str, Any]) -> dict[str, Any]:
    """What the till was given to charge: a PaymentMethod, or a token such as that of Apple Pay.

    Raises ``ValueError`` for what is neither.
    """
    method, token = details.get("payment_method"), details.get("token")
    if method is not None:
        if not isinstance(method, str) or not METHOD.fullmatch(method):
            raise ValueError("no payment method")
        return {"payment_method": method}
    if token is not None:
        if not isinstance(token, str) or not TOKEN.fullmatch(token):
            raise ValueError("no token")
        return {"payment_method_data": {"type": "card", "card": {"token": token}}}
    return {}


def _declined(error: stripe.CardError) -> ProviderState:
    told: Any = error.json_body or {}
    body = told.get("error") or {}
    reference = (body.get("payment_intent") or {}).get("id")
    return ProviderState("failed", reference=reference, failure_code=decline_code(body))

"""What tills send and get of Stripe."""

from typing import Annotated, Literal

from odoo.addons.fynlo_pos_core.rest.shapes import Id, MoneyShape, Shape, View, WireMoment
from pydantic import Field, model_validator

#: Ids as Stripe writes them; card numbers have no place here.
Method = Annotated[str, Field(pattern=r"^pm_[A-Za-z0-9_]{1,100}$", examples=["pm_1NVChw2eZvKYlo2CHxiM5E2E"])]
Token = Annotated[str, Field(pattern=r"^tok_[A-Za-z0-9_]{1,100}$", examples=["tok_1NVChw2eZvKYlo2C"])]


class ConfirmShape(Shape):
    """What is charged: a PaymentMethod, or a token such as that of Apple Pay."""

    payment_method: Method | None = None
    token: Token | None = None

    @model_validator(mode="after")
    def _one(self):
        if (self.payment_method is None) == (self.token is None):
            raise ValueError("a payment method or a token")
        return self


class IntentShape(Shape):
    """Without a card the payment waits: the answer's ``action`` holds the client secret for whoever collects one.

    ``card_present``: a reader or Tap to Pay collects it. ``capture`` ``manual`` holds the money until it is captured.
    """

    id: Id
    order_id: Id
    amount: MoneyShape
    tip: MoneyShape | None = None
    share_id: Id | None = None
    payment_method: Method | None = None
    token: Token | None = None
    card_present: bool = False
    capture: Literal["automatic", "manual"] = "automatic"
    complete: bool = False

    @model_validator(mode="after")
    def _one(self):
        if sum((self.payment_method is not None, self.token is not None, self.card_present)) > 1:
            raise ValueError("a payment method, a token or a reader")
        return self

    def details(self):
        """What the provider is given besides the amount."""
        held = {"manual_capture": True} if self.capture == "manual" else {}
        return {**chargeable(self), **({"card_present": True} if self.card_present else {}), **held}


def chargeable(shape):
    """The card of a shape, as details of a payment; empty when it names none."""
    if shape.payment_method:
        return {"payment_method": shape.payment_method}
    return {"token": shape.token} if shape.token else {}


class StripeConfigView(View):
    """Nothing here is secret. ``livemode`` false: no money moves."""

    mode: Literal["test", "live"]
    livemode: bool
    publishable_key: str | None
    api_version: str
    account: str | None
    capture: Literal["automatic", "manual"]
    terminal_location: str | None


class ConnectionTokenView(View):
    """``secret`` goes to Stripe's Terminal SDK and is kept nowhere."""

    secret: str
    terminal_location: str


class StripeHealthView(View):
    """``open_payments`` are those whose outcome has been open for more than a minute.

    ``usable`` and ``detail`` are Stripe's word of up to a minute ago: of ``checked_at``, empty when Stripe was not
    asked as it is not set up. ``last_notification_s`` is how old the newest notification of the location's account is
    that was verified.
    """

    usable: bool
    detail: str
    mode: Literal["test", "live"] | None
    livemode: bool
    account: str | None
    api_version: str
    open_payments: int
    oldest_open_s: int | None
    last_notification_s: int | None
    checked_at: WireMoment | None

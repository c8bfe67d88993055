"""Test cards by the names Stripe gives their payment methods; no card number is ever taken."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Card:
    """``decline`` is (code, decline_code). ``refund`` tells what becomes of a refund."""

    brand: str = "visa"
    last4: str = "4242"
    funding: str = "credit"
    decline: tuple[str, str] | None = None
    challenge: bool = False
    refund: str = "succeeded"
    disputed: bool = False


VISA = Card()


def _declined(decline_code: str, last4: str, code: str = "card_declined") -> Card:
    return replace(VISA, last4=last4, decline=(code, decline_code))


CARDS = {
    "visa": VISA,
    "visa_debit": replace(VISA, last4="5556", funding="debit"),
    "mastercard": replace(VISA, brand="mastercard", last4="4444"),
    "amex": replace(VISA, brand="amex", last4="8431"),
    "bypassPending": replace(VISA, last4="0077"),
    "chargeDeclined": _declined("generic_decline", "0002"),
    "visa_chargeDeclined": _declined("generic_decline", "0002"),
    "visa_chargeDeclinedInsufficientFunds": _declined("insufficient_funds", "9995"),
    "visa_chargeDeclinedLostCard": _declined("lost_card", "9987"),
    "visa_chargeDeclinedStolenCard": _declined("stolen_card", "9979"),
    "visa_chargeDeclinedFraudulent": _declined("fraudulent", "0019"),
    "radarBlock": _declined("fraudulent", "9235"),
    "chargeDeclinedExpiredCard": _declined("expired_card", "0069", "expired_card"),
    "chargeDeclinedIncorrectCvc": _declined("incorrect_cvc", "0127", "incorrect_cvc"),
    "chargeDeclinedProcessingError": _declined("processing_error", "0119", "processing_error"),
    "authenticationRequired": replace(VISA, last4="3184", challenge=True),
    "threeDSecure2Required": replace(VISA, last4="3220", challenge=True),
    "threeDSecureRequiredChargeDeclined": replace(_declined("generic_decline", "1629"), challenge=True),
    "pendingRefund": replace(VISA, last4="7726", refund="pending"),
    "refundFail": replace(VISA, last4="5126", refund="fails_later"),
    "createDispute": replace(VISA, last4="0259", disputed=True),
}


def card_named(name: str) -> Card | None:
    """The card of ``pm_card_visa`` or ``tok_visa``; ``None`` for a name that no test card has."""
    for prefix in ("pm_card_", "tok_"):
        if name.startswith(prefix):
            return CARDS.get(name.removeprefix(prefix))
    return None

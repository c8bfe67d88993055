"""Why no money was taken or given back, in words for the person at the till.

A lost, stolen or suspicious card is declined like any other: the guest reads this too.
"""

from odoo.addons.fynlo_pos_core.rest import declare
from odoo.addons.fynlo_pos_core.rest.problem import PROBLEM_TYPES
from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__, default_lang="en_US")

_ANOTHER = "Ask for another card or tender. A new try needs a new id and a new Idempotency-Key."
_LATER = "Try again in a moment with a new id and a new Idempotency-Key, or take another tender."
_MANAGER = "Tell a manager: the money is still with the restaurant. Give it back another way."

#: code → (status, title, sentence, what a till does, whether the same may be tried again)
FAILURES = {
    "declined": (402, "Declined", _lt("The guest's bank declined the payment."), _ANOTHER, False),
    "card_declined": (402, "Card declined", _lt("The card was declined. Ask for another card."), _ANOTHER, False),
    "insufficient_funds": (
        402,
        "Not enough money",
        _lt("There is not enough money on the card. Ask for another card."),
        _ANOTHER,
        False,
    ),
    "expired_card": (402, "Card expired", _lt("The card has expired. Ask for another card."), _ANOTHER, False),
    "incorrect_cvc": (
        402,
        "Wrong security code",
        _lt("The card's security code was wrong. Enter it again, or ask for another card."),
        _ANOTHER,
        True,
    ),
    "authentication_required": (
        402,
        "Not confirmed",
        _lt("The guest did not confirm the payment with the bank. Try again, or ask for another card."),
        _ANOTHER,
        True,
    ),
    "processing_error": (402, "Bank's error", _lt("The bank could not handle the card. Try again."), _LATER, True),
    "provider_error": (402, "Bank's error", _lt("The bank could not handle the payment. Try again."), _LATER, True),
    "provider_refused": (
        402,
        "Not accepted",
        _lt("The payment provider does not accept this payment. Take another tender, and tell a manager."),
        "It is a defect of the set-up or of what the till sent as details. Take another tender.",
        False,
    ),
    "provider_busy": (
        503,
        "Provider busy",
        _lt("The payment provider is busy. Nothing was taken; try again in a moment."),
        _LATER,
        True,
    ),
    "amount_not_chargeable": (
        422,
        "Amount not chargeable",
        _lt("Cards cannot be charged just this amount in this currency. Change the amount a little."),
        "Three-decimal currencies must end in nought.",
        False,
    ),
    "never_arrived": (
        402,
        "Never arrived",
        _lt("The payment never reached the provider. Nothing was taken; try again."),
        _LATER,
        True,
    ),
    "provider_mismatch": (
        409,
        "Provider differs",
        _lt("The provider tells of another payment than was asked for. Call a manager before anything else."),
        "A person must compare the payment with the provider's own page.",
        False,
    ),
    "nothing_kept": (
        402,
        "Nothing was kept",
        _lt("The provider has kept nothing of this payment. Take the money anew."),
        "Take another tender, or try again with a new id and a new Idempotency-Key.",
        False,
    ),
    "released_by_hand": (
        402,
        "Settled by hand",
        _lt("A manager has settled this payment at the provider. Nothing of it is kept; take the money anew."),
        "Take another tender, or try again with a new id and a new Idempotency-Key.",
        False,
    ),
    "refund_failed": (402, "Refund failed", _lt("The guest's bank did not take the refund."), _MANAGER, False),
    "refund_refused": (
        402,
        "Refund refused",
        _lt("The payment provider refuses the refund; more may have been given back than is known here."),
        _MANAGER,
        False,
    ),
}

for _code, (_status, _title, _sentence, _advice, _again) in FAILURES.items():
    declare(_code, _status, _title, str(_sentence), _advice, retryable=_again)


def failure_sentence(env, code):
    """What the person at the till reads, in the language of ``env``."""
    if code in FAILURES:
        return env._(FAILURES[code][2])
    return env._("No money was taken.")


def failure_document(code):
    """A failure in a payment's document, which tills of any language get; ``None`` without one."""
    if not code:
        return None
    kind = PROBLEM_TYPES.get(code)
    message, retryable = (kind.meaning, kind.retryable) if kind else ("No money was taken.", False)
    return {"code": code, "message": message, "retryable": retryable}

"""Calls of Stripe that end in time, are repeated only under the same key, and tell 'no' from 'no answer'."""

import random
import time
from collections.abc import Callable
from typing import Any

import stripe

from ..connection import ProviderUnavailable

TIMEOUT_SECONDS = (3, 10)
LAST_START_SECONDS = 2  # an attempt may take 13 s, and every call ends within 15


class NoAnswer(Exception):
    """Stripe may or may not have done it."""


def ask(call: Callable[[], Any]) -> dict[str, Any]:
    """What Stripe answers, as plain values. ``call`` must be safe to repeat (one idempotency key, or a read).

    Raises :class:`NoAnswer` when it may have been done, :class:`ProviderUnavailable` when it certainly was
    not, and stripe's own CardError and InvalidRequestError, which are answers.
    """
    started, in_doubt, pause = time.monotonic(), False, 0.5
    while True:
        try:
            return call().to_dict()
        except stripe.RateLimitError as error:
            refusal: Exception = ProviderUnavailable("provider_busy")
            cause: Exception = error
        except (stripe.AuthenticationError, stripe.PermissionError) as error:
            raise _certain(in_doubt, ProviderUnavailable("provider_unavailable", 60)) from error
        except (stripe.CardError, stripe.InvalidRequestError):
            raise
        except stripe.StripeError as error:  # connection lost, 5xx, a key in use or used otherwise
            refusal, cause, in_doubt = NoAnswer(), error, True
            if isinstance(error, stripe.IdempotencyError):
                raise refusal from error
        wait = pause * random.uniform(0.5, 1)  # noqa: S311 (spreads retries, guards nothing)
        if time.monotonic() - started + wait > LAST_START_SECONDS:
            raise _certain(in_doubt, refusal) from cause
        time.sleep(wait)
        pause *= 2


def _certain(in_doubt: bool, refusal: Exception) -> Exception:
    """A refusal after an attempt without answer says nothing of that attempt."""
    return NoAnswer() if in_doubt else refusal

"""Answers that are no success, in Stripe's words."""

import copy
from typing import Any


class Refusal(Exception):
    """An error of Stripe. ``saved`` tells whether it is kept under the idempotency key: only if work had begun."""

    def __init__(self, status: int, kind: str, code: str, message: str, *, saved: bool = True, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.saved = saved
        self.body = {"error": {"type": kind, "code": code, "message": message, **copy.deepcopy(more)}}


def wrong_parameter(name: str, message: str, code: str = "parameter_invalid_integer") -> Refusal:
    return Refusal(400, "invalid_request_error", code, message, saved=False, param=name)


def missing(kind: str, name: str) -> Refusal:
    message = f"No such {kind}: '{name}'"
    return Refusal(404, "invalid_request_error", "resource_missing", message, saved=False, param="id")


def not_now(message: str, **more: Any) -> Refusal:
    """A step that the object's state does not allow."""
    return Refusal(400, "invalid_request_error", "payment_intent_unexpected_state", message, **more)

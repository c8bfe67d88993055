"""What only a simulator offers, under ``/_sim``: guests, banks, time and trouble on demand. JSON in, JSON out."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import intents, money, refunds
from .account import PLATFORM
from .books import Books, Json
from .refusal import missing

if TYPE_CHECKING:
    from .server import StripeServer

NOTIFYING = ("normal", "duplicate", "out_of_order", "webhook_first", "late")
BEHAVIOURS = (*NOTIFYING, "capture_later", "other_amount", "other_currency")


def control(server: "StripeServer", path: str, wish: Json) -> Json:
    """Performs ``/_sim/…``. Raises :class:`Refusal` or ``ValueError`` for what is not known."""
    parts = path.strip("/").split("/")[1:]
    if len(parts) == 1 and parts[0] in WHOLE:
        return WHOLE[parts[0]](server, wish)
    if len(parts) == 3 and (parts[0], parts[2]) in STEPS:
        kind, step = STEPS[parts[0], parts[2]]
        books = _holder(server, kind, parts[1])
        with server.request(), books.lock:
            return step(books, books.one(kind, parts[1]), wish)
    raise missing("control", path)


def behave(server: "StripeServer", name: str) -> None:
    """Raises ``ValueError`` for a behaviour that is none."""
    if name not in BEHAVIOURS:
        raise ValueError(name)
    server.behaviour = name
    server.notifier.behaviour = name if name in NOTIFYING else "normal"


def _holder(server: "StripeServer", kind: str, name: str) -> Books:
    """The books that have the object, whichever account's they are."""
    for books in server.accounts.opened():
        if name in books.kept[kind]:
            return books
    raise missing(kind, name)


def _behave(server: "StripeServer", wish: Json) -> Json:
    behave(server, wish["name"])
    return {"behaviour": server.behaviour}


def _faults(server: "StripeServer", wish: Json) -> Json:
    if wish.get("clear"):
        server.faults.clear()
    for fault in wish.get("add") or []:
        server.faults.add(fault["pattern"], fault["do"], int(fault.get("times", 1)))
    return {"left": server.faults.left()}


def _clock(server: "StripeServer", wish: Json) -> Json:
    """Time goes on; after a day the keys are forgotten."""
    for books in server.accounts.opened():
        books.ahead_s += float(wish["ahead_s"])
    if wish["ahead_s"] >= 86_400:
        server.keys.forget()
    return {}


def _refuse(server: "StripeServer", wish: Json) -> Json:
    """Keys that no longer serve, and accounts that are not connected any more."""
    server.accounts.revoked = set(wish.get("keys") or [])
    server.accounts.strangers = set(wish.get("accounts") or [])
    return {}


def _pay_out(server: "StripeServer", wish: Json) -> Json:
    books = server.accounts.books(wish.get("account", PLATFORM), bool(wish.get("livemode")))
    with server.request(), books.lock:
        return money.pay_out(books, wish.get("currency", "gbp"))


def _release(server: "StripeServer", _wish: Json) -> Json:
    return {"released": server.notifier.release()}


def _state(server: "StripeServer", _wish: Json) -> Json:
    """How many requests came by method and path, and how many objects there are."""
    counts: dict[str, int] = {}
    for books in server.accounts.opened():
        for kind, kept in books.kept.items():
            counts[kind] = counts.get(kind, 0) + len(kept)
    return {"requests": dict(server.requests), "objects": counts, "notified": len(server.notifier.taken)}


def _tell_again(books: Books, event: Json, _wish: Json) -> Json:
    books.tell(books, event)
    return event


WHOLE: dict[str, Callable[["StripeServer", Json], Json]] = {
    "behaviour": _behave,
    "faults": _faults,
    "clock": _clock,
    "refuse": _refuse,
    "payouts": _pay_out,
    "release": _release,
    "state": _state,
}
STEPS: dict[tuple[str, str], tuple[str, Callable[[Books, Json, Json], Json]]] = {
    ("payment_intents", "present"): (
        "payment_intent",
        lambda books, intent, wish: intents.present(books, intent, wish.get("payment_method", "pm_card_visa")),
    ),
    ("payment_intents", "authenticate"): (
        "payment_intent",
        lambda books, intent, wish: intents.authenticate(books, intent, wish.get("passed", True)),
    ),
    ("payment_intents", "settle"): ("payment_intent", lambda books, intent, _wish: intents.settle(books, intent)),
    ("payment_intents", "expire"): ("payment_intent", lambda books, intent, _wish: intents.expire(books, intent)),
    ("refunds", "finish"): (
        "refund",
        lambda books, made, wish: refunds.finish(books, made, fails=bool(wish.get("fails"))),
    ),
    ("charges", "dispute"): ("charge", lambda books, charge, _wish: money.dispute(books, charge)),
    ("disputes", "close"): ("dispute", lambda books, made, wish: money.close_dispute(books, made, wish.get("status"))),
    ("events", "resend"): ("event", _tell_again),
}

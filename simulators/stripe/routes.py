"""The paths of the API and what answers them."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from . import checkout, intents, money, refunds
from .books import Books, Json
from .listing import expanded, page, search
from .refusal import Refusal, wrong_parameter

LISTS = {
    "payment_intents": "payment_intent",
    "checkout/sessions": checkout.KIND,
    "charges": "charge",
    "refunds": "refund",
    "balance_transactions": "balance_transaction",
    "payouts": "payout",
    "events": "event",
    "disputes": "dispute",
    "payment_method_domains": "payment_method_domain",
    "payment_methods": "payment_method",
}


@dataclass(frozen=True, slots=True)
class Request:
    """``wish`` holds body and query; ``id`` is the object's id in the path, ``public`` a publishable key's request.

    ``base`` is the address of this Stripe.
    """

    books: Books
    path: str
    wish: Json = field(default_factory=dict)
    id: str = ""
    public: bool = False
    base: str = ""


def serve(method: str, request: Request) -> Json:
    """Stripe's answer. Raises :class:`Refusal`; an unknown path is one too."""
    for verb, pattern, handler in ROUTES:
        found = pattern.fullmatch(request.path) if verb == method else None
        if found:
            if request.public and handler not in (_intent, _confirm):
                raise Refusal(403, "invalid_request_error", "secret_key_required", "Use a secret key.", saved=False)
            name = found.groupdict().get("id") or ""
            with request.books.lock:
                answer = handler(replace(request, id=name))
                return expanded(request.books, answer, request.wish.get("expand") or []) if "id" in answer else answer
    message = f"Unrecognized request URL ({method}: {request.path})."
    raise Refusal(404, "invalid_request_error", "url_invalid", message, saved=False)


def _intent(request: Request) -> Json:
    intent = request.books.one("payment_intent", request.id)
    if request.public and request.wish.get("client_secret") != intent["client_secret"]:
        raise Refusal(401, "invalid_request_error", "secret_invalid", "The client_secret is wrong.", saved=False)
    return intent


def _create_intent(request: Request) -> Json:
    return intents.create(request.books, request.wish)


def _confirm(request: Request) -> Json:
    return intents.confirm(request.books, _intent(request), request.wish)


def _capture(request: Request) -> Json:
    return intents.capture(request.books, _intent(request), request.wish)


def _cancel(request: Request) -> Json:
    intents.known(request.wish, frozenset({"cancellation_reason", "expand"}))
    return intents.cancel(request.books, _intent(request), request.wish.get("cancellation_reason"))


def _create_session(request: Request) -> Json:
    return checkout.create(request.books, request.wish, request.base)


def _session(request: Request) -> Json:
    return checkout.current(request.books, request.books.one(checkout.KIND, request.id))


def _expire_session(request: Request) -> Json:
    intents.known(request.wish, frozenset({"expand"}))
    return checkout.expire(request.books, request.books.one(checkout.KIND, request.id))


def _search(request: Request) -> Json:
    return search(request.books, request.wish, request.path)


def _refund(request: Request) -> Json:
    return refunds.create(request.books, request.wish)


def _cancel_refund(request: Request) -> Json:
    return refunds.cancel(request.books, request.books.one("refund", request.id))


def _method(request: Request) -> Json:
    name, _card = request.books.new_method(request.wish)
    return request.books.one("payment_method", name)


def _token(request: Request) -> Json:
    """A reader's key to talk to Stripe itself; it is given once and kept nowhere."""
    intents.known(request.wish, frozenset({"location", "expand"}))
    secret = f"pst_{'live' if request.books.livemode else 'test'}_{secrets.token_urlsafe(24)}"
    place = request.wish.get("location")
    if place is not None and not str(place).startswith("tml_"):
        raise wrong_parameter("location", f"No such location: '{place}'", "resource_missing")
    return {"object": "terminal.connection_token", "secret": secret} | ({"location": place} if place else {})


def _balance(request: Request) -> Json:
    return money.balance(request.books)


def _account(request: Request) -> Json:
    return {
        "id": request.books.account,
        "object": "account",
        "charges_enabled": True,
        "payouts_enabled": True,
        "country": "GB",
        "default_currency": "gbp",
    }


def _domain(request: Request) -> Json:
    name = str(request.wish.get("domain_name", ""))
    if not name:
        raise wrong_parameter("domain_name", "Missing required param: domain_name.", "parameter_missing")
    for known in request.books.kept["payment_method_domain"].values():
        if known["domain_name"] == name:
            return known
    active = {"status": "active"}
    return request.books.keep("payment_method_domain", "pmd", domain_name=name, enabled=True, apple_pay=active)


def _listed(kind: str) -> Callable[[Request], Json]:
    return lambda request: page(request.books, kind, request.wish, request.path)


def _one(kind: str) -> Callable[[Request], Json]:
    return lambda request: request.books.one(kind, request.id)


def _table() -> list[tuple[str, re.Pattern[str], Callable[[Request], Json]]]:
    own: list[tuple[str, str, Callable[[Request], Json]]] = [
        ("POST", "payment_intents", _create_intent),
        ("GET", "payment_intents/search", _search),
        ("GET", "payment_intents/{id}", _intent),
        ("POST", "payment_intents/{id}/confirm", _confirm),
        ("POST", "payment_intents/{id}/capture", _capture),
        ("POST", "payment_intents/{id}/cancel", _cancel),
        ("POST", "checkout/sessions", _create_session),
        ("GET", "checkout/sessions/{id}", _session),
        ("POST", "checkout/sessions/{id}/expire", _expire_session),
        ("POST", "refunds", _refund),
        ("POST", "refunds/{id}/cancel", _cancel_refund),
        ("POST", "payment_methods", _method),
        ("POST", "payment_method_domains", _domain),
        ("POST", "terminal/connection_tokens", _token),
        ("GET", "balance", _balance),
        ("GET", "account", _account),
        ("GET", "accounts/{id}", _account),
    ]
    lists = [("GET", path, _listed(kind)) for path, kind in LISTS.items() if kind != "payment_method"]
    ones = [("GET", f"{path}/{{id}}", _one(kind)) for path, kind in LISTS.items()]
    return [
        (verb, re.compile("/v1/" + path.replace("{id}", r"(?P<id>[\w-]+)")), handler)
        for verb, path, handler in [*own, *lists, *ones]
    ]


ROUTES = _table()

"""The one way to declare an API endpoint."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from odoo import http

PREFIX = "/api/v1"

#: Stand-ins for a permission, for routes that are open by design.
ANYONE = "*anyone"  # no token at all
SIGNED_IN = "*signed_in"  # any employee, whatever the role
PAIRED = "*paired"  # a paired device, with or without an employee
STAND_INS = frozenset({ANYONE, SIGNED_IN, PAIRED})

#: The path that takes whatever no declared route takes.
CATCH_ALL = "/api/<path:rest>"

MAX_BODY = 1024 * 1024
READS = frozenset({"GET", "HEAD"})
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

_PERMISSION = re.compile(r"[a-z_]+(\.[a-z_]+)+")


@dataclass(frozen=True, slots=True)
class Route:
    """The promise of one endpoint: what it takes, answers and requires."""

    path: str
    method: str
    permission: str
    summary: str
    tag: str
    body: Any = None
    query: Any = None
    returns: Any = None
    status: int = 200
    #: Answers 202 in the same shape while somebody outside has not decided.
    may_wait: bool = False
    errors: tuple[str, ...] = ()
    idempotent: bool = True
    budget: str = "default"
    max_body: int = MAX_BODY
    media_types: tuple[str, ...] = ("application/json",)
    answer_types: tuple[str, ...] = ("application/json",)
    #: The handler is given the body's bytes as ``raw``, whatever their media type; nothing has read them before.
    raw: bool = False
    #: A body to show in the documentation instead of one made from the shape.
    example: Any = field(default=None, compare=False)
    #: A GET that must see the last commit: the primary database at READ COMMITTED, no replica.
    fresh: bool = False
    #: False for the few routes that answer while the database is away.
    needs_database: bool = True
    cache_control: str = "private, no-cache"
    deprecated: date | None = None
    sunset: date | None = None

    @property
    def writes(self) -> bool:
        return self.method not in READS

    @property
    def remembered(self) -> bool:
        """Whether the route demands an Idempotency-Key and keeps its answer under it."""
        return self.writes and self.idempotent and self.permission != ANYONE

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def api_route(
    path: str, *, method: str, permission: str, summary: str, tag: str, prefix: str = PREFIX, **promise: Any
) -> Callable[..., Any]:
    """Declare ``METHOD /api/v1<path>``.

    ``permission`` is a code of ``fynlo.permission``, or one of ``ANYONE``, ``SIGNED_IN``,
    ``PAIRED``; a route without one cannot be declared. ``body`` and ``query`` are pydantic
    shapes, handed to the handler as ``body`` and ``query``. A handler returns a JSON value or an
    :class:`~.representation.Answer`.

    Writes run in one short transaction that may be repeated after a conflict, so a handler has
    no effect outside the database. Their answer is recorded under the Idempotency-Key in that
    transaction unless ``idempotent=False`` or the route is open to anyone.
    """
    _check_declaration(path, method, permission)
    route = Route(prefix + path, method, permission, summary, tag, **promise)
    declaration: Callable[..., Any] = http.route(
        route.path,
        type="fynlo",
        auth="none",  # the dispatcher authenticates, so that its refusals are problem documents too
        methods=[method],
        csrf=False,
        save_session=False,
        readonly=not (route.writes or route.fresh),
        fynlo=route,
    )
    return declaration


def is_permission(code: str) -> bool:
    """Whether ``code`` is written as a permission is: ``order.create``."""
    return bool(_PERMISSION.fullmatch(code))


def _check_declaration(path: str, method: str, permission: str) -> None:
    """Refuse at import, so that a route without a permission never starts."""
    if permission not in STAND_INS and not is_permission(permission or ""):
        raise TypeError(f"{method} {path} declares no permission")
    if method not in METHODS or method == "HEAD":
        raise TypeError(f"{method} {path}: no such method; HEAD comes with GET")


def routes_of(endpoints: Iterable[Any]) -> list[Route]:
    """Every :class:`Route` declared on Odoo's endpoints, by path and method; the catch-all is none."""
    found = {endpoint.routing["fynlo"] for endpoint in endpoints if "fynlo" in endpoint.routing}
    return sorted((route for route in found if route.path != CATCH_ALL), key=lambda route: (route.path, route.method))

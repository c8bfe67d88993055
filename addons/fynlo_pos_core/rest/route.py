"""The one way to declare an API endpoint."""

from dataclasses import dataclass, field

from odoo import http

PREFIX = "/api/v1"

#: Stand-ins for a permission, for routes that are open by design.
ANYONE = "*anyone"  # no token at all
SIGNED_IN = "*signed_in"  # any employee, whatever the role
PAIRED = "*paired"  # a paired device, with or without an employee

MAX_BODY = 1024 * 1024
READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Route:
    """The promise of one endpoint: what it takes, answers and requires."""

    path: str
    method: str
    permission: str
    summary: str
    tag: str
    body: type | None = None
    query: type | None = None
    returns: object = None
    status: int = 200
    errors: tuple[str, ...] = ()
    idempotent: bool = True
    budget: str = "default"
    max_body: int = MAX_BODY
    media_types: tuple[str, ...] = ("application/json",)
    example: object = field(default=None, compare=False, hash=False)

    @property
    def writes(self):
        return self.method not in READS

    @property
    def name(self):
        return f"{self.method} {self.path}"


def api_route(path, *, method, permission, summary, tag, prefix=PREFIX, **promise):
    """Declare ``METHOD /api/v1<path>``.

    ``permission`` is a code of ``fynlo.permission``, or one of ``ANYONE``, ``SIGNED_IN``,
    ``PAIRED``; a route without one cannot be declared. ``body`` and ``query`` are pydantic
    shapes, handed to the handler as ``body`` and ``query``. A handler returns a JSON value or an
    :class:`~.representation.Answer`.

    Writes run in one short transaction that may be repeated after a conflict, so a handler has
    no effect outside the database. Their answer is recorded under the Idempotency-Key in that
    transaction unless ``idempotent=False``.
    """
    if not permission:
        raise TypeError(f"{method} {path} declares no permission")
    route = Route(prefix + path, method, permission, summary, tag, **promise)
    return http.route(
        route.path,
        type="fynlo",
        auth="none",  # the dispatcher authenticates, so that its refusals are problem documents too
        methods=[method],
        csrf=False,
        save_session=False,
        readonly=not route.writes,
        fynlo=route,
    )


def routes_of(routing_map):
    """Every declared :class:`Route` of an Odoo routing map, by name."""
    found = {rule.endpoint.routing["fynlo"] for rule in routing_map.iter_rules() if "fynlo" in rule.endpoint.routing}
    return sorted(found, key=lambda route: route.name)

"""Cross-origin requests: refused, except from the origins that the operator lists."""

from ..tools.settings import settings
from .problem import NotFound, Problem
from .representation import Answer
from .route import METHODS

ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-ID"
EXPOSED_HEADERS = (
    "Deprecation, ETag, Idempotent-Replayed, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
    "Retry-After, Sunset, X-Request-ID"
)


def headers(httprequest):
    """The CORS headers of an answer; none unless the request's origin is on the list."""
    origin = httprequest.headers.get("Origin")
    if not origin or origin not in settings().cors_origins:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": EXPOSED_HEADERS,
        "Vary": "Origin",
    }


def preflight(request):
    """The answer to OPTIONS; without a listed origin the method does not exist."""
    allowed = request.registry["ir.http"]._fynlo_methods() if request.db else list(METHODS)
    if not allowed:
        raise NotFound("There is nothing at this path.")
    if not headers(request.httprequest):
        raise Problem("method_not_allowed", "OPTIONS is not used here.", headers={"Allow": ", ".join(allowed)})
    return Answer(
        {},
        headers={
            "Access-Control-Allow-Methods": ", ".join(allowed),
            "Access-Control-Allow-Headers": ALLOWED_HEADERS,
            "Access-Control-Max-Age": "600",
        },
    )

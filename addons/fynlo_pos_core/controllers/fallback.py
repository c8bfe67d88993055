"""Unknown API paths and wrong methods answer with a problem document instead of Odoo's HTML page."""

from odoo import http
from odoo.http import request

from ..rest import ANYONE, NotFound, Problem
from ..rest.route import Route

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class FallbackController(http.Controller):
    @http.route(
        ["/api", "/api/<path:rest>"],
        type="fynlo",
        auth="none",
        methods=METHODS,
        csrf=False,
        save_session=False,
        readonly=True,
        fynlo=Route("/api/<path:rest>", "GET", ANYONE, "Anything else", "system", idempotent=False),
    )
    def unknown(self, rest=""):
        allowed = request.env["ir.http"]._fynlo_methods(request)
        if allowed:
            raise Problem(
                "method_not_allowed",
                f"This path takes {', '.join(allowed)}.",
                headers={"Allow": ", ".join(allowed)},
            )
        raise NotFound("There is nothing at this path.")

"""Unknown API paths and wrong methods answer with a problem document instead of Odoo's HTML page."""

from odoo import http
from odoo.http import request

from ..rest import ANYONE, NotFound, Problem
from ..rest.route import CATCH_ALL, Route
from ..rest.shapes import AnyQuery


class FallbackController(http.Controller):
    @http.route(
        ["/api", CATCH_ALL],
        type="fynlo",
        auth="none",
        methods=None,  # every method, also those that HTTP does not know
        csrf=False,
        save_session=False,
        readonly=True,
        fynlo=Route(CATCH_ALL, "GET", ANYONE, "Anything else", "system", query=AnyQuery),
    )
    def unknown(self, query, rest=""):
        allowed = request.env["ir.http"]._fynlo_methods()
        if allowed:
            raise Problem(
                "method_not_allowed",
                f"This path takes {', '.join(allowed)}.",
                headers={"Allow": ", ".join(allowed)},
            )
        raise NotFound("There is nothing at this path.")

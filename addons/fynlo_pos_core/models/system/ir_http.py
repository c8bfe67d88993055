"""Routing questions that only Odoo's routing map can answer."""

from werkzeug.exceptions import HTTPException

from odoo import models

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _fynlo_methods(cls, request):
        """The methods that the requested path has a route for, the catch-all aside."""
        adapter = request.env["ir.http"].routing_map().bind_to_environ(request.httprequest.environ)
        return [method for method in METHODS if cls._fynlo_serves(adapter, request.httprequest.path, method)]

    @classmethod
    def _fynlo_serves(cls, adapter, path, method):
        try:
            rule, _args = adapter.match(path_info=path, method=method, return_rule=True)
        except HTTPException:
            return False
        route = rule.endpoint.routing.get("fynlo")
        return bool(route) and "<path:" not in route.path

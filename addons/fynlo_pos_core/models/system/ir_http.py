"""Routing questions that only Odoo's routing map can answer, and the check of its permissions."""

import gc
import gzip
import logging

from odoo import models, tools
from odoo.http import request
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import RequestRedirect

from ...rest.docs_page import read_chapters
from ...rest.openapi import document
from ...rest.representation import to_json
from ...rest.route import CATCH_ALL, METHODS, STAND_INS, routes_of

_logger = logging.getLogger(__name__)


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def _register_hook(self):
        """Tell of routes that ask for a permission nobody can hold; they refuse everyone."""
        super()._register_hook()
        _keep_out_of_collections()
        for code in self._fynlo_unknown_permissions():
            _logger.error("A route asks for the permission %s, which is not defined", code)

    def _fynlo_routes(self):
        """Every :class:`Route` that this database serves. Unlike the routing map, at hand while Odoo starts."""
        modules = sorted(self.env.registry._init_modules.union(tools.config["server_wide_modules"]))
        rules = self._generate_routing_rules(modules, converters=self._get_converters())
        return routes_of(endpoint for _url, endpoint in rules)

    def _fynlo_unknown_permissions(self):
        """The permission codes that routes ask for and ``fynlo.permission`` does not have."""
        asked = {route.permission for route in self._fynlo_routes()} - STAND_INS
        known = self.env["fynlo.permission"].sudo().search([("code", "in", list(asked))]).mapped("code")
        return sorted(asked.difference(known))

    @classmethod
    def _match(cls, path_info):
        """API paths have no language and are exact: a redirect would lose a body or a token."""
        if not path_info.startswith("/api/"):
            return super()._match(path_info)
        request.is_frontend = request.is_frontend_multilang = False
        try:
            return super()._match(path_info)
        except RequestRedirect:
            raise NotFound() from None

    @tools.ormcache(cache="routing")
    def _fynlo_openapi(self):
        """The OpenAPI document as JSON bytes, plain and gzipped."""
        raw = to_json(document(self.env))
        return raw, gzip.compress(raw, mtime=0)

    @tools.ormcache(cache="routing")
    def _fynlo_docs_page(self):
        """The OpenAPI document as an HTML page."""
        chapters = read_chapters(document(self.env))
        return str(self.env["ir.qweb"]._render("fynlo_pos_core.docs_page", {"chapters": chapters}))

    @classmethod
    def _fynlo_methods(cls):
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
        return bool(route) and route.path != CATCH_ALL


def _keep_out_of_collections():
    """Spare requests the walk through all that was loaded: models and fields live as long as the process.

    A full collection stops a worker for as long as its heap is large. One that loads its registry anew gives up
    what the former one held (docs/adr/0042).
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()

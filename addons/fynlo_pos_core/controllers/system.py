"""Is the system alive, is it ready, what is it."""

from odoo import http, release
from odoo.http import request
from odoo.modules import get_manifest

from ..rest import ANYONE, Answer, api_route
from ..rest.shapes import View
from ..tools import redis_client


class HealthView(View):
    status: str
    checks: dict[str, str]


class VersionView(View):
    name: str
    version: str
    odoo: str


class SystemController(http.Controller):
    @api_route(
        "/health/live",
        method="GET",
        permission=ANYONE,
        summary="Is this process alive",
        tag="system",
        returns=HealthView,
    )
    def live(self):
        return {"status": "ok", "checks": {}}

    @api_route(
        "/health/ready",
        method="GET",
        permission=ANYONE,
        summary="Can it sell: the database answers. Redis is reported but not needed for selling",
        tag="system",
        returns=HealthView,
        errors=("unavailable",),
    )
    def ready(self):
        request.env.cr.execute("SELECT 1")
        redis = redis_client.attempt(lambda client: client.ping(), False)
        return {"status": "ok", "checks": {"database": "ok", "redis": "ok" if redis else "away"}}

    @api_route(
        "/version",
        method="GET",
        permission=ANYONE,
        summary="What is running",
        tag="system",
        returns=VersionView,
    )
    def version(self):
        return Answer(
            {
                "name": "Fynlo POS",
                "version": get_manifest("fynlo_pos_core")["version"],
                "odoo": release.version,
            }
        )

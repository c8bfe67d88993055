"""Is the system alive, is it ready, what is it, how is it doing."""

import ipaddress

from odoo import http, release
from odoo.http import request
from odoo.modules import get_manifest

from ..rest import ANYONE, Answer, NotFound, api_route, current_identity, metrics
from ..tools import redis_client
from .system_views import DetailsView, LiveView, ReadyView, VersionView

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class SystemController(http.Controller):
    @api_route(
        "/health/live",
        method="GET",
        permission=ANYONE,
        summary="Is this process alive; asks neither the database nor Redis",
        tag="system",
        returns=LiveView,
        needs_database=False,
        cache_control="no-store",
    )
    def live(self):
        return {"status": "ok"}

    @api_route(
        "/health/ready",
        method="GET",
        permission=ANYONE,
        summary="Can it sell: the database answers. Redis is reported but not needed for selling",
        tag="system",
        returns=ReadyView,
        errors=("unavailable",),
        cache_control="no-store",
    )
    def ready(self):
        return {"status": "ok", "checks": _checks()}

    @api_route(
        "/health/details",
        method="GET",
        permission="settings.read",
        summary="Every health check with its value, threshold and what to do; the backlog of events; the caches",
        tag="system",
        returns=DetailsView,
        errors=("unavailable",),
        fresh=True,
        cache_control="no-store",
    )
    def details(self):
        return {
            **request.env["fynlo.health"]._report(current_identity().company_id),
            "checks": _checks(),
            "version": _version(),
            "odoo": release.version,
            "outbox": request.env["fynlo.outbox"]._backlog(),
            "caches": metrics.caches(),
        }

    @api_route(
        "/version",
        method="GET",
        permission=ANYONE,
        summary="What is running",
        tag="system",
        returns=VersionView,
        needs_database=False,
    )
    def version(self):
        return {"name": "Fynlo POS", "version": _version(), "odoo": release.version}

    @api_route(
        "/metrics",
        method="GET",
        permission=ANYONE,
        summary="Counters in the Prometheus text format; only for scrapers on the same private network",
        tag="system",
        errors=("not_found",),
        answer_types=("text/plain",),
        cache_control="no-store",
    )
    def metrics(self):
        if not _is_scraper(request.httprequest):
            raise NotFound("There is nothing at this path.")
        backlog = request.env["fynlo.outbox"]._backlog()
        gauges = {
            "fynlo_outbox_unsent": backlog["unsent"],
            "fynlo_outbox_oldest_unsent_seconds": backlog["oldest_unsent_s"],
            **request.env["fynlo.health"]._samples(),
        }
        return Answer(metrics.render(gauges).encode(), media_type=PROMETHEUS)


def _checks():
    request.env.cr.execute("SELECT 1")
    redis = redis_client.attempt(lambda client: client.ping(), False)
    return {"database": "ok", "redis": "ok" if redis else "away"}


def _version():
    return get_manifest("fynlo_pos_core")["version"]


def _is_scraper(httprequest):
    """A direct peer on a private network. What a proxy forwards came from the outside."""
    if "X-Forwarded-For" in httprequest.headers or "Forwarded" in httprequest.headers:
        return False
    try:
        peer = ipaddress.ip_address((httprequest.remote_addr or "").partition("%")[0])
    except ValueError:
        return False
    return peer.is_loopback or peer.is_private

"""Is the system alive, is it ready, what is it, how is it doing."""

import ipaddress
from typing import Literal

from odoo import http, release
from odoo.http import request
from odoo.modules import get_manifest
from pydantic import Field

from ..rest import ANYONE, Answer, NotFound, api_route, metrics
from ..rest.shapes import View
from ..tools import redis_client

Health = Literal["ok", "away"]
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class LiveView(View):
    status: Literal["ok"]


class ChecksView(View):
    database: Literal["ok"]
    redis: Health


class ReadyView(View):
    status: Literal["ok"]
    checks: ChecksView


class OutboxView(View):
    unsent: int = Field(examples=[0])
    oldest_unsent_s: float = Field(examples=[0.0])


class CacheView(View):
    name: str = Field(examples=["menu"])
    hits: int = Field(examples=[9810])
    misses: int = Field(examples=[12])
    hit_rate: float | None = Field(examples=[0.9988], description="Null before the first look.")
    entries: int = Field(examples=[4])
    bytes: int = Field(examples=[412_000])


class DetailsView(ReadyView):
    version: str = Field(examples=["19.0.1.0.0"])
    odoo: str = Field(examples=["19.0"])
    outbox: OutboxView
    caches: list[CacheView]


class VersionView(View):
    name: str = Field(examples=["Fynlo POS"])
    version: str = Field(examples=["19.0.1.0.0"])
    odoo: str = Field(examples=["19.0"])


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
        summary="The parts of the system, the backlog of events and how the caches do",
        tag="system",
        returns=DetailsView,
        errors=("unavailable",),
        cache_control="no-store",
    )
    def details(self):
        return {
            "status": "ok",
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

"""What the routes about the system itself answer."""

from typing import Literal

from pydantic import Field

from ..rest.shapes import View, WireMoment

Health = Literal["ok", "away"]


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


class ThresholdView(View):
    warn: float = Field(examples=[75])
    fail: float = Field(examples=[90])
    falling: bool = Field(description="Small values are the bad ones.")


class HealthCheckView(View):
    code: str = Field(examples=["redis_memory"])
    name: str = Field(examples=["Redis' memory is nearly full"])
    status: Literal["ok", "warn", "fail", "unknown"]
    value: float | None = Field(examples=[12.5], description="Of the worst thing; null when there is none to look at.")
    unit: str = Field(examples=["%"])
    threshold: ThresholdView
    since: WireMoment | None = Field(description="Since when the status is what it is, to the minute.")
    note: str = Field(examples=["128 of 1024 MB"])
    hint: str = Field(description="What to do; empty while all is well.")


class DetailsView(View):
    status: Literal["ok", "warn", "fail"] = Field(description="The worst of ``health``.")
    checks: ChecksView
    version: str = Field(examples=["19.0.1.0.0"])
    odoo: str = Field(examples=["19.0"])
    outbox: OutboxView
    caches: list[CacheView]
    health: list[HealthCheckView]


class VersionView(View):
    name: str = Field(examples=["Fynlo POS"])
    version: str = Field(examples=["19.0.1.0.0"])
    odoo: str = Field(examples=["19.0"])

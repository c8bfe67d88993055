"""Settings of the two processes, read once from the environment and checked at start."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

__all__ = ["GatewaySettings", "RelaySettings", "SettingsError"]


class SettingsError(Exception):
    """A setting is missing or wrong; the message is one sentence for whoever starts us."""


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """What the relay needs to know."""

    database_dsn: str
    redis_url: str
    stream_prefix: str
    stream_length: int
    stream_max_age_h: int
    retention_days: int
    health_host: str
    health_port: int | None
    log_level: str

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> RelaySettings:
        """Read and check; raises ``SettingsError`` naming the first variable that is wrong."""
        source = _Source(env)
        return cls(
            database_dsn=source.text("FYNLO_DATABASE_DSN"),
            redis_url=source.url("FYNLO_REDIS_URL", {"redis", "rediss", "unix"}),
            stream_prefix=source.text("FYNLO_STREAM_PREFIX", "fynlo:"),
            stream_length=source.whole("FYNLO_STREAM_LENGTH", 10_000, least=100),
            stream_max_age_h=source.whole("FYNLO_STREAM_MAX_AGE_H", 24, least=1),
            retention_days=source.whole("FYNLO_OUTBOX_RETENTION_DAYS", 7, least=1),
            health_host=source.text("FYNLO_RELAY_HEALTH_HOST", "127.0.0.1"),
            health_port=source.whole("FYNLO_RELAY_HEALTH_PORT", 0, most=65_535) or None,
            log_level=source.level(),
        )


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """What a gateway process needs to know; the limits are per process."""

    redis_url: str
    stream_prefix: str
    jwks_url: str
    host: str
    port: int
    origins: frozenset[str]
    trusted_proxies: tuple[IPNetwork, ...]
    max_connections: int
    max_open_per_ip: int
    connects_per_ip_per_s: int
    connect_burst_per_ip: int
    connects_per_s: int
    connect_burst: int
    max_waiting_per_ip: int
    max_handshakes: int
    max_per_device: int
    max_per_employee: int
    max_per_location: int
    max_per_company: int
    ack_topics: frozenset[str]
    ack_within_s: int
    ack_attempts: int
    presence_grace_s: int
    silence_s: int
    buffer_soft_bytes: int
    buffer_hard_bytes: int
    buffer_patience_s: float
    drain_s: float
    workers: int
    health_host: str
    health_port: int | None
    tls_cert: str | None
    tls_key: str | None
    log_level: str

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> GatewaySettings:
        """Read and check; raises ``SettingsError`` naming the first variable that is wrong."""
        source = _Source(env)
        workers = source.whole("FYNLO_WS_WORKERS", 1, least=1, most=64)
        tls_cert, tls_key = source.together("FYNLO_WS_TLS_CERT", "FYNLO_WS_TLS_KEY")
        soft = source.whole("FYNLO_WS_BUFFER_SOFT_BYTES", 256 * 1024, least=1024)
        return cls(
            redis_url=source.url("FYNLO_REDIS_URL", {"redis", "rediss", "unix"}),
            stream_prefix=source.text("FYNLO_STREAM_PREFIX", "fynlo:"),
            jwks_url=source.url("FYNLO_JWKS_URL", {"http", "https"}),
            host=source.text("FYNLO_WS_HOST", "127.0.0.1"),
            port=source.whole("FYNLO_WS_PORT", 8090, most=65_535),
            origins=frozenset(source.listed("FYNLO_WS_ORIGINS")),
            trusted_proxies=source.networks("FYNLO_WS_TRUSTED_PROXIES"),
            max_connections=source.whole("FYNLO_WS_MAX_CONNECTIONS", 10_000, least=1),
            max_open_per_ip=source.whole("FYNLO_WS_MAX_OPEN_PER_IP", 300, least=1),
            connects_per_ip_per_s=source.whole("FYNLO_WS_CONNECTS_PER_IP_PER_S", 20, least=1),
            connect_burst_per_ip=source.whole("FYNLO_WS_CONNECT_BURST_PER_IP", 40, least=1),
            connects_per_s=source.whole("FYNLO_WS_CONNECTS_PER_S", 300, least=1),
            connect_burst=source.whole("FYNLO_WS_CONNECT_BURST", 600, least=1),
            max_waiting_per_ip=source.whole("FYNLO_WS_MAX_WAITING_PER_IP", 100, least=1),
            max_handshakes=source.whole("FYNLO_WS_MAX_HANDSHAKES", 2000, least=1),
            max_per_device=source.whole("FYNLO_WS_MAX_PER_DEVICE", 2),
            max_per_employee=source.whole("FYNLO_WS_MAX_PER_EMPLOYEE", 10, least=1),
            max_per_location=source.whole("FYNLO_WS_MAX_PER_LOCATION", 200, least=1),
            max_per_company=source.whole("FYNLO_WS_MAX_PER_COMPANY", 2000, least=1),
            ack_topics=frozenset(source.listed("FYNLO_WS_ACK_TOPICS", "kitchen,payments")),
            ack_within_s=source.whole("FYNLO_WS_ACK_WITHIN_S", 10, least=1),
            ack_attempts=source.whole("FYNLO_WS_ACK_ATTEMPTS", 3),
            presence_grace_s=source.whole("FYNLO_WS_PRESENCE_GRACE_S", 5),
            silence_s=source.whole("FYNLO_WS_SILENCE_S", 20, least=1),
            buffer_soft_bytes=soft,
            buffer_hard_bytes=source.whole("FYNLO_WS_BUFFER_HARD_BYTES", max(4 * soft, 2**20), least=soft),
            buffer_patience_s=source.whole("FYNLO_WS_BUFFER_PATIENCE_S", 10, least=1),
            drain_s=source.whole("FYNLO_WS_DRAIN_S", 10),
            workers=workers,
            health_host=source.text("FYNLO_WS_HEALTH_HOST", "127.0.0.1"),
            # each of several workers listens on a port of its own, from this one on
            health_port=source.whole("FYNLO_WS_HEALTH_PORT", 0, most=65_536 - workers) or None,
            tls_cert=tls_cert,
            tls_key=tls_key,
            log_level=source.level(),
        )


@dataclass(frozen=True, slots=True)
class _Source:
    """The environment, one checked value at a time."""

    env: Mapping[str, str]

    def text(self, name: str, default: str | None = None) -> str:
        value = self.env.get(name, "").strip() or default
        if value is None:
            raise SettingsError(f"{name} is not set.")
        return value

    def url(self, name: str, schemes: set[str]) -> str:
        value = self.text(name)
        if urlsplit(value).scheme not in schemes:
            raise SettingsError(f"{name} must be a URL with scheme {' or '.join(sorted(schemes))}.")
        return value

    def whole(self, name: str, default: int, *, least: int = 0, most: int = 2**31) -> int:
        value = self.text(name, str(default))
        if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
            raise SettingsError(f"{name} must be a whole number from {least} to {most}.")
        return int(value)

    def together(self, *names: str) -> list[str | None]:
        """Values that are only good together: all or none of them."""
        values = [self.env.get(name, "").strip() or None for name in names]
        missing = [name for name, value in zip(names, values, strict=True) if value is None]
        if missing and any(values):
            raise SettingsError(f"{missing[0]} is not set, but {' and '.join(set(names) - set(missing))} is.")
        return values

    def listed(self, name: str, default: str = "") -> list[str]:
        return [part.strip() for part in self.env.get(name, default).split(",") if part.strip()]

    def networks(self, name: str) -> tuple[IPNetwork, ...]:
        try:
            return tuple(ipaddress.ip_network(part) for part in self.listed(name))
        except ValueError as error:
            raise SettingsError(f"{name} must list addresses or networks: {error}.") from error

    def level(self) -> str:
        value = self.text("FYNLO_LOG_LEVEL", "INFO").upper()
        if value not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise SettingsError("FYNLO_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.")
        return value

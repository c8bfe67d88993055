"""The process's settings, read once from FYNLO_* environment variables."""

import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RateLimit:
    """``per_s`` requests a second on average, ``burst`` at once."""

    per_s: float
    burst: int


DEFAULT_RATE_LIMITS = {
    "default": RateLimit(30, 120),
    "money": RateLimit(10, 40),
    "auth": RateLimit(5, 60),
    "address": RateLimit(200, 1000),
    "message": RateLimit(0.5, 20),
    "page": RateLimit(5, 60),
    "notification": RateLimit(50, 500),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may set. Nothing here is ever read from the database."""

    redis_url: str = "redis://127.0.0.1:6379/0"
    stream_prefix: str = "fynlo:"
    keys_dir: Path = Path("/etc/fynlo/keys")
    pepper_file: Path = Path("/etc/fynlo/pepper")
    public_url: str = "http://127.0.0.1:8069"
    ws_url: str = "ws://127.0.0.1:8090/ws/v1"
    cors_origins: frozenset[str] = frozenset()
    rate_limits: dict[str, RateLimit] = field(default_factory=lambda: dict(DEFAULT_RATE_LIMITS))
    cache_bytes: int = 64 << 20


def parse_cache_bytes(text: str) -> int:
    """``"64"`` mebibytes in bytes. Raises ``ValueError`` unless it is a whole number from 1 to 4096."""
    if not text.isdecimal() or not 1 <= int(text) <= 4096:
        raise ValueError(f"FYNLO_CACHE_MB: {text!r} is not a whole number from 1 to 4096")
    return int(text) << 20


def parse_rate_limits(text: str) -> dict[str, RateLimit]:
    """``"money=5/20,auth=1/10"`` over the defaults: requests a second / burst.

    Raises ``ValueError`` on an unknown budget or a number that is not positive.
    """
    limits = dict(DEFAULT_RATE_LIMITS)
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, figures = part.partition("=")
        per_s, _, burst = figures.partition("/")
        limit = RateLimit(float(per_s), int(burst))
        if name not in limits or limit.per_s <= 0 or limit.burst < 1:
            raise ValueError(f"FYNLO_RATE_LIMITS: {part!r} is not a known budget with positive figures")
        limits[name] = limit
    return limits


def from_environment(environ: dict[str, str]) -> Settings:
    """Read settings; a variable that is absent or empty keeps its default."""
    known = Settings()
    return Settings(
        redis_url=environ.get("FYNLO_REDIS_URL") or known.redis_url,
        stream_prefix=environ.get("FYNLO_STREAM_PREFIX") or known.stream_prefix,
        keys_dir=Path(environ.get("FYNLO_KEYS_DIR") or known.keys_dir),
        pepper_file=Path(environ.get("FYNLO_PEPPER_FILE") or known.pepper_file),
        public_url=(environ.get("FYNLO_PUBLIC_URL") or known.public_url).rstrip("/"),
        ws_url=environ.get("FYNLO_WS_URL") or known.ws_url,
        cors_origins=frozenset(filter(None, map(str.strip, environ.get("FYNLO_CORS_ORIGINS", "").split(",")))),
        rate_limits=parse_rate_limits(environ.get("FYNLO_RATE_LIMITS", "")),
        cache_bytes=parse_cache_bytes(environ.get("FYNLO_CACHE_MB") or "64"),
    )


@lru_cache(maxsize=1)
def settings() -> Settings:
    """This process's settings. Tests that change the environment call ``settings.cache_clear()``."""
    return from_environment(dict(os.environ))

"""Answers that are prepared once and sent many times: kept in the process and in Redis."""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime

from . import redis_client
from .process_cache import CacheCounts, ProcessCache
from .settings import settings

LEVEL = 7  # 0.5 ms more than level 1, once a version


@dataclass(frozen=True, slots=True)
class Prepared:
    """Bytes ready to go, plain and gzipped, good until a naive UTC moment."""

    raw: bytes
    compressed: bytes
    etag: str
    fresh_until: datetime


#: One answer a location: some hundreds of locations find room in a process.
_kept: ProcessCache[Prepared] = ProcessCache(
    "menu", max_entries=256, max_bytes=64 << 20, weigh=lambda prepared: len(prepared.raw) + len(prepared.compressed)
)
_shared = CacheCounts("menu_redis")


def prepare(raw: bytes, tag: str, fresh_until: datetime) -> Prepared:
    """Compress ``raw``. Its entity tag is ``tag`` and a hash, so equal bytes have equal tags in every process."""
    digest = hashlib.blake2b(raw, digest_size=6).hexdigest()
    return Prepared(raw, gzip.compress(raw, compresslevel=LEVEL, mtime=0), f'"{tag}-{digest}"', fresh_until)


def find(key: str, version: object, moment: datetime) -> Prepared | None:
    """What was kept under ``key`` for this version, here or by another process, if still fresh at ``moment``."""
    kept = _kept.get(key, version)
    if not kept:
        kept = _fetch(key, version)
        if kept:
            _kept.put(key, version, kept)
    return kept if kept and moment < kept.fresh_until else None


def keep(key: str, version: object, prepared: Prepared) -> None:
    """Keep ``prepared`` here and, when Redis answers, for the other processes; an older version makes room."""
    _kept.put(key, version, prepared)
    head = f"{version}\n{prepared.etag}\n{prepared.fresh_until.isoformat()}\n".encode()
    expires_at = int(prepared.fresh_until.replace(tzinfo=UTC).timestamp())
    redis_client.attempt(
        lambda client: client.set(_redis_key(key), head + prepared.compressed, exat=expires_at), otherwise=None
    )


def forget() -> None:
    """Drop what this process keeps; Redis keeps its own."""
    _kept.clear()


def _fetch(key: str, version: object) -> Prepared | None:
    stored = redis_client.attempt(lambda client: client.get(_redis_key(key)), otherwise=None)
    prepared = _read(stored, str(version)) if isinstance(stored, bytes) else None
    if prepared:
        _shared.hits += 1
    else:
        _shared.misses += 1
    return prepared


def _read(stored: bytes, wanted: str) -> Prepared | None:
    """The answer in Redis; ``None`` when it is of another version, or damaged."""
    try:
        version, etag, fresh_until, compressed = stored.split(b"\n", 3)
        if version.decode() != wanted:
            return None
        moment = datetime.fromisoformat(fresh_until.decode())
        return Prepared(gzip.decompress(compressed), compressed, etag.decode(), moment)
    except (ValueError, OSError, EOFError, zlib.error):
        return None


def _redis_key(key: str) -> str:
    return f"{settings().stream_prefix}prepared:{key}"

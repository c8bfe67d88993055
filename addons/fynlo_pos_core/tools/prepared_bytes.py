"""Answers that are prepared once and sent many times: kept in the process and in Redis."""

import gzip
import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime

from . import redis_client
from .settings import settings

#: Prepared answers a process keeps: two versions each of some dozens of locations.
MAX_KEPT = 64
LEVEL = 7  # 0.5 ms more than level 1, once a version


@dataclass(frozen=True, slots=True)
class Prepared:
    """Bytes ready to go, plain and gzipped, good until a naive UTC moment."""

    raw: bytes
    compressed: bytes
    etag: str
    fresh_until: datetime


_kept: OrderedDict[str, Prepared] = OrderedDict()
_lock = threading.Lock()


def prepare(raw: bytes, tag: str, fresh_until: datetime) -> Prepared:
    """Compress ``raw``. Its entity tag is ``tag`` and a hash, so equal bytes have equal tags in every process."""
    digest = hashlib.blake2b(raw, digest_size=6).hexdigest()
    return Prepared(raw, gzip.compress(raw, compresslevel=LEVEL, mtime=0), f'"{tag}-{digest}"', fresh_until)


def find(key: str, moment: datetime) -> Prepared | None:
    """What was kept under ``key``, here or by another process, if it is still fresh at ``moment``."""
    with _lock:
        kept = _kept.get(key)
        if kept:
            _kept.move_to_end(key)
    if not kept:
        kept = _fetch(key)
        if kept:
            _remember(key, kept)
    return kept if kept and moment < kept.fresh_until else None


def keep(key: str, prepared: Prepared) -> None:
    """Keep ``prepared`` here and, when Redis answers, for the other processes."""
    _remember(key, prepared)
    head = f"{prepared.etag}\n{prepared.fresh_until.isoformat()}\n".encode()
    expires_at = int(prepared.fresh_until.replace(tzinfo=UTC).timestamp())
    redis_client.attempt(
        lambda client: client.set(_redis_key(key), head + prepared.compressed, exat=expires_at), otherwise=None
    )


def forget() -> None:
    """Drop what this process keeps; Redis keeps its own."""
    with _lock:
        _kept.clear()


def _remember(key: str, prepared: Prepared) -> None:
    with _lock:
        _kept[key] = prepared
        _kept.move_to_end(key)
        while len(_kept) > MAX_KEPT:
            _kept.popitem(last=False)


def _fetch(key: str) -> Prepared | None:
    stored = redis_client.attempt(lambda client: client.get(_redis_key(key)), otherwise=None)
    if not isinstance(stored, bytes):
        return None
    etag, fresh_until, compressed = stored.split(b"\n", 2)
    return Prepared(
        gzip.decompress(compressed), compressed, etag.decode(), datetime.fromisoformat(fresh_until.decode())
    )


def _redis_key(key: str) -> str:
    return f"{settings().stream_prefix}prepared:{key}"

"""Answers that are prepared once and sent many times: their bytes, plain and gzipped, and how caches keep them."""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime

from . import clock
from .layered_cache import LayeredCache
from .shared_cache import SharedCache, Unreadable

LEVEL = 7  # 0.5 ms more than level 1, once a version
#: What a value in Redis may unfold to.
MAX_RAW_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class Prepared:
    """Bytes ready to go, plain and gzipped, good until a naive UTC moment.

    Redis keeps them for ``shared_s`` seconds; 0 is for this process alone.
    """

    raw: bytes
    compressed: bytes
    etag: str
    fresh_until: datetime
    shared_s: int = 0


def prepare(raw: bytes, tag: str, fresh_until: datetime, shared_s: int) -> Prepared:
    """Compress ``raw``. Its entity tag is ``tag`` and a hash, so equal bytes have equal tags in every process."""
    digest = hashlib.blake2b(raw, digest_size=6).hexdigest()
    compressed = gzip.compress(raw, compresslevel=LEVEL, mtime=0)
    return Prepared(raw, compressed, f'"{tag}-{digest}"', fresh_until, shared_s)


def cache_of_answers(name: str, shape: str) -> LayeredCache[Prepared]:
    """A cache of prepared answers, one a location: some hundreds of locations find room in a process.

    ``shape`` is the release that made them.
    """
    return LayeredCache(
        name,
        max_entries=256,
        weigh=lambda prepared: len(prepared.raw) + len(prepared.compressed),
        shared=SharedCache(f"{name}_redis", shape=shape, pack=_pack, unpack=_unpack),
        is_good=lambda prepared: clock.now() < prepared.fresh_until,
        life_s=_life_s,
    )


def _life_s(prepared: Prepared) -> float:
    left = prepared.fresh_until.replace(tzinfo=UTC) - clock.now().replace(tzinfo=UTC)
    return min(prepared.shared_s, left.total_seconds())


def _pack(prepared: Prepared) -> bytes:
    head = f"{prepared.etag}\n{prepared.fresh_until.isoformat()}\n{prepared.shared_s}\n"
    return head.encode() + prepared.compressed


def _unpack(packed: bytes) -> Prepared:
    try:
        etag, fresh_until, shared_s, compressed = packed.split(b"\n", 3)
        moment = datetime.fromisoformat(fresh_until.decode())
        return Prepared(_unfold(compressed), compressed, etag.decode(), moment, int(shared_s))
    except (ValueError, zlib.error) as exc:
        raise Unreadable(str(exc)) from exc


def _unfold(compressed: bytes) -> bytes:
    """Gunzip, but never to more than an answer can have."""
    unfolding = zlib.decompressobj(wbits=31)
    raw = unfolding.decompress(compressed, MAX_RAW_BYTES)
    if not unfolding.eof:
        raise Unreadable("the value is cut short or unfolds to too much")
    return raw

"""A strict reader of Prometheus' text format: whatever a scraper would refuse fails here."""

from __future__ import annotations

import re
from collections import defaultdict

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (-?[0-9.e+-]+|\+Inf|-Inf|NaN)")
LABEL = re.compile(rf'({NAME})="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read_exposition(text: str) -> Samples:
    """Every sample by name and labels; an ``AssertionError`` says what is wrong."""
    assert text.endswith("\n") and not text.startswith("\n")
    samples: Samples = {}
    kinds: dict[str, str] = {}
    helped: set[str] = set()
    family = ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family = line.split(" ", 3)[2]
            assert family not in helped, f"second HELP of {family}"
            helped.add(family)
        elif line.startswith("# TYPE "):
            name, kind = line.split(" ")[2:]
            assert name == family and name not in kinds
            assert kind in {"counter", "gauge", "histogram"}
            kinds[name] = kind
        else:
            key, value = _sample(line)
            assert _family(key[0], kinds) == family, f"{line} stands under {family}"
            assert key not in samples, f"twice: {line}"
            samples[key] = value
    assert set(kinds) == helped
    _check_kinds(samples, kinds)
    return samples


def _sample(line: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], float]:
    matched = SAMPLE.fullmatch(line)
    assert matched, f"not a sample: {line}"
    name, labels, value = matched.groups()
    pairs = LABEL.findall(labels or "")
    assert ",".join(f'{key}="{text}"' for key, text in pairs) == (labels or ""), f"labels: {line}"
    return (name, tuple(sorted(pairs))), float(value)


def _family(name: str, kinds: dict[str, str]) -> str:
    for ending in ("_bucket", "_sum", "_count"):
        if kinds.get(name.removesuffix(ending)) == "histogram":
            return name.removesuffix(ending)
    return name


def _check_kinds(samples: Samples, kinds: dict[str, str]) -> None:
    seen = defaultdict(list)
    for (name, labels), value in samples.items():
        seen[_family(name, kinds)].append((name, dict(labels), value))
    assert set(seen) == set(kinds)
    for name, kind in kinds.items():
        if kind == "counter":
            assert name.endswith("_total") and all(value >= 0 for *_, value in seen[name])
        elif kind == "histogram":
            bounds = [(float(labels["le"]), value) for part, labels, value in seen[name] if part.endswith("_bucket")]
            assert bounds == sorted(bounds) and bounds[-1][0] == float("inf")
            assert [value for _, value in bounds] == sorted(value for _, value in bounds)
            assert samples[f"{name}_count", ()] == bounds[-1][1] and (f"{name}_sum", ()) in samples

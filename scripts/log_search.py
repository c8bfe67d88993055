#!/usr/bin/env python3
"""Searches log files for card numbers, keys and tokens; prints where they are, never what, and fails for any found."""

from __future__ import annotations

import argparse
import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ws_server.secret_masking import masked


def files_of(paths: list[Path]) -> Iterator[Path]:
    """The files themselves, and all that lie below the folders."""
    for path in paths:
        yield from sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def lines_with_secrets(file: Path) -> list[int]:
    """The numbers of the lines that hold one; a rotated file may be gzipped."""
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8", errors="replace") as lines:
        return [number for number, line in enumerate(lines, 1) if masked(line) != line]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, help="log files or folders of them")
    found, files = 0, 0
    for file in files_of(parser.parse_args(arguments).paths):
        files += 1
        for number in lines_with_secrets(file):
            found += 1
            print(f"{file}:{number}: a secret")
    print(f"{files} files, {found} lines with secrets")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

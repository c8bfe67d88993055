"""What every load test leaves behind: the use of resources is real, and the page says what the JSON says."""

import json
import os
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

from loadtests.budget import Budget
from loadtests.curve import Curve, svg
from loadtests.resource_watch import ResourceWatch, Usage
from loadtests.result import write_result

#: Computes, holds memory and writes to the disk; then waits to be told to go.
BUSY = """
import os, sys, time
held = bytearray(os.urandom(1)) * 40_000_000
until = time.process_time() + 0.4
while time.process_time() < until: pass
with open(sys.argv[1], "wb") as file:
    file.write(held[:8_000_000]); file.flush(); os.fsync(file.fileno())
print("done", flush=True)
sys.stdin.read()
"""
PATIENCE_S = 60.0


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def busy(folder: Path) -> "subprocess.Popen[bytes]":
    argv = [sys.executable, "-c", BUSY, str(folder / "written")]
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_a_group_is_charged_with_what_its_processes_use(tmp_path: Path) -> None:
    started: list[subprocess.Popen[bytes]] = []
    watch = ResourceWatch({"busy": lambda: [one.pid for one in started], "absent": lambda: [2**22 - 3]}, every_s=0.05)
    with watch:
        started.append(busy(tmp_path))
        assert started[0].stdout is not None
        assert started[0].stdout.readline() == b"done\n"
        readings = len(watch.usage().at_s)
        wait_for(lambda: len(watch.usage().at_s) > readings + 2)
        started[0].communicate(b"")
    usage = watch.usage()
    (group,) = usage.groups
    assert group.name == "busy"
    assert group.cpu_s >= 0.4
    assert group.cores_max > 0
    assert 40 < group.rss_max_mb < 200
    assert group.pss_max_mb is not None
    assert group.processes_max == 1
    # a file system in memory counts no writes
    assert group.disk_written_mb is not None
    assert group.disk_written_mb >= 0
    assert len(usage.at_s) == len(usage.cores["busy"]) == len(usage.rss_mb["busy"])


def test_what_was_used_before_the_watch_does_not_count(tmp_path: Path) -> None:
    process = busy(tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == b"done\n"
    with ResourceWatch({"busy": lambda: [process.pid]}, every_s=0.05) as watch:
        wait_for(lambda: len(watch.usage().at_s) > 3)
    process.communicate(b"")
    assert watch.usage().groups[0].cpu_s < 0.3


def test_a_process_that_dies_and_one_that_follows_are_added_up(tmp_path: Path) -> None:
    current: list[subprocess.Popen[bytes]] = []
    with ResourceWatch({"busy": lambda: [current[-1].pid] if current else []}, every_s=0.02) as watch:
        for _ in range(2):
            current.append(busy(tmp_path))
            assert current[-1].stdout is not None
            assert current[-1].stdout.readline() == b"done\n"
            readings = len(watch.usage().at_s)
            wait_for(lambda readings=readings: len(watch.usage().at_s) > readings + 2)  # type: ignore[misc]
            current[-1].communicate(b"")
    assert watch.usage().groups[0].cpu_s >= 0.8


class Page(HTMLParser):
    """The cells of a page, and whatever it would load from elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.foreign: list[str] = []
        self._in_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_cell = tag == "td"
        if self._in_cell:
            self.cells.append("")
        self.foreign += [str(value) for name, value in attrs if name in {"src", "href"}]
        self.foreign += [tag] if tag in {"script", "link", "img", "iframe"} else []

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag != "td"

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.cells[-1] += data


def used() -> Usage:
    with ResourceWatch({"tests": lambda: [os.getpid()]}, every_s=0.02) as watch:
        wait_for(lambda: len(watch.usage().at_s) > 2)
    return watch.usage()


def test_json_and_page_tell_the_same(tmp_path: Path) -> None:
    budgets = [Budget("p95 <of> all", 86.5, 150, 60, " ms"), Budget("lost", 3, 0)]
    curve = Curve("Throughput", "users", "requests a second", [10, 25, 50], {"all": [20.0, 41.5, None]})
    figures = {"requests": 1200, "menu": {"p50": 11.25, "p95": 59.0}, "pay": {"p50": 42.0, "p95": 98.0}}
    target = tmp_path / "deep" / "sample.json"
    options = Namespace(tills=16, json=str(target))
    facts = {"cpu": "2 × <fast>"}
    write_result("sample", facts, budgets, figures, str(target), configuration=options, usage=used(), curves=[curve])
    kept = json.loads(target.read_text())
    assert kept["configuration"] == {"tills": 16}
    assert kept["curves"][0]["lines"] == {"all": [20.0, 41.5, None]}
    assert kept["resources"]["groups"][0]["name"] == "tests"
    assert [budget["verdict"] for budget in kept["budgets"]] == ["must", "MISSED"]
    page = Page(text := target.with_suffix(".html").read_text())
    assert page.foreign == []
    assert "a must is missed" in text
    assert {"p95 <of> all", "86.5 ms", "≤ 150 ms", "MISSED", "2 × <fast>", "11.25", "42", "tills"} <= set(page.cells)
    assert text.count("<svg") == 3


def test_a_drawing_is_valid_and_keeps_its_peak() -> None:
    values: list[float | None] = [1.0] * 4000
    values[1234] = 50.0
    drawing = parsed(Curve("a & b", "s", "cores", list(range(4000)), {"<one>": values}))
    line = drawing.find(".//polyline")
    assert line is not None
    points = line.attrib["points"].split()
    assert len(points) <= 300
    assert sum(float(point.split(",")[1]) < 20 for point in points) == 1
    assert {"<one>", "50", "25"} <= {text.text for text in drawing.iter("text")}


def test_nothing_to_draw_is_drawn_all_the_same() -> None:
    assert parsed(Curve("empty", "s", "MB", [], {"none": []})).find(".//polyline") is not None


def parsed(curve: Curve) -> ElementTree.Element:
    return ElementTree.fromstring(svg(curve))  # noqa: S314 - our own drawing

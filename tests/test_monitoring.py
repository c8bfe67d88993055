"""The files of Prometheus and Grafana: they parse, and name only what Odoo, the relay and the gateways export."""

import ast
import json
import re
from pathlib import Path
from urllib.request import urlopen

import pytest
import yaml

from ws_server.gateway.metrics import Metrics
from ws_server.relay.health import serve_health
from ws_server.relay.status import RelayStatus

ROOT = Path(__file__).resolve().parents[1]
NAME = re.compile(r"\bfynlo_[a-z_]+\b")
PARTS = re.compile(r"_(bucket|sum|count)$")


def load(file: str) -> dict:
    return yaml.safe_load((ROOT / "deploy" / file).read_text())


def alerts() -> list[dict]:
    return [rule for group in load("prometheus/alerts.yml")["groups"] for rule in group["rules"]]


def dashboard() -> dict:
    return json.loads((ROOT / "deploy/grafana/fynlo.json").read_text())


def expressions() -> list[str]:
    queries = [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    return [rule["expr"] for rule in alerts()] + queries


def families(exposition: str) -> set[str]:
    """What a rendered page of metrics holds."""
    return set(re.findall(r"^# TYPE (\S+) ", exposition, re.MULTILINE))


def families_of_odoo() -> set[str]:
    """The tables from which Odoo renders; that it does so is seen by tests of the addon over HTTP."""
    found = set()
    for file in ("metrics.py", "cache_metrics.py"):
        for node in ast.parse((ROOT / "addons/fynlo_pos_core/rest" / file).read_text()).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "HELP":
                found |= {ast.literal_eval(key) for key in node.value.keys if key}
    return found


def families_of_relay() -> set[str]:
    server = serve_health(RelayStatus(), "127.0.0.1", 0)
    try:
        host, port = server.server_address[:2]
        with urlopen(f"http://{host!s}:{port}/metrics", timeout=30) as answer:
            return families(answer.read().decode())
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def exported() -> set[str]:
    return families_of_odoo() | families_of_relay() | families(Metrics().render({}))


def test_every_metric_that_is_asked_for_is_exported(exported: set[str]) -> None:
    asked = {PARTS.sub("", name) for expression in expressions() for name in NAME.findall(expression)}
    assert len(asked) > 25
    assert asked - exported == set()


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    assert len({rule["alert"] for rule in alerts()}) == len(alerts())
    for rule in alerts():
        assert rule["labels"]["severity"] in {"warning", "critical"}, rule["alert"]
        assert rule["annotations"].keys() == {"summary", "action"}, rule["alert"]


def test_braces_of_every_expression_match() -> None:
    for expression in expressions():
        for left, right in ("()", "{}", "[]"):
            assert expression.count(left) == expression.count(right), expression


def test_every_alert_is_in_the_handbook() -> None:
    handbook = (ROOT / "docs/operations.md").read_text()
    listed = set(re.findall(r"^\| `(\w+)` \|", handbook, re.MULTILINE))
    written = "".join(path.read_text() for path in ROOT.glob("addons/fynlo_*/data/*.xml"))
    rules = set(re.findall(r'model="fynlo\.alert\.rule">\s*<field name="code">(\w+)</field>', written))
    assert len(rules) > 20
    assert rules | {rule["alert"] for rule in alerts()} == {name for name in listed if not name.startswith("FYNLO_")}


def test_panels_have_places_of_their_own() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert all(x < 24 for x, _ in cells)

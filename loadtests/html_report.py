"""A load test's result as one HTML page that needs nothing from anywhere: tables and small drawings."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from loadtests.budget import HEADINGS, Budget
from loadtests.curve import Curve, svg
from loadtests.resource_watch import HEADINGS as RESOURCES
from loadtests.resource_watch import Usage

STYLE = """
body{font:14px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#1f2328}
table{border-collapse:collapse;margin:.5em 0 1.5em}
th,td{border-bottom:1px solid #d0d7de;padding:.25em .7em;text-align:right}
th:first-child,td:first-child{text-align:left}
th{background:#f6f8fa}
figure{margin:1em 0;display:inline-block;width:640px}
figcaption{font-weight:600}svg{width:100%;font:11px system-ui,sans-serif;fill:#57606a}
.aim{color:#1a7f37}.must{color:#1f2328}.MISSED{color:#d1242f;font-weight:700}
"""


def page(
    name: str,
    at: str,
    facts: Mapping[str, str],
    configuration: Mapping[str, object],
    budgets: Sequence[Budget],
    figures: Mapping[str, object],
    curves: Sequence[Curve],
    usage: Usage | None,
) -> str:
    """The whole page."""
    kept = not any(budget.verdict == "MISSED" for budget in budgets)
    parts = [
        f"<h1>{escape(name)}: {'every must is kept' if kept else 'a must is missed'}</h1><p>{escape(at)}</p>",
        "<h2>Against the budgets</h2>",
        _table(HEADINGS, [budget.row() for budget in budgets]) if budgets else "<p>None.</p>",
        *map(svg, curves),
        "<h2>Figures</h2>",
        *_figures(figures),
        *(_resources(usage) if usage else ()),
        "<h2>Configuration</h2>",
        _table(("option", "value"), [[key, str(value)] for key, value in configuration.items()]),
        "<h2>Environment</h2>",
        _table(("what", "which"), [[key, value] for key, value in facts.items()]),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(name)}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _figures(figures: Mapping[str, object]) -> list[str]:
    """Single figures in one table, groups of figures that are alike in tables of their own."""
    single = {key: value for key, value in figures.items() if not isinstance(value, Mapping)}
    groups: dict[tuple[str, ...], list[list[str]]] = {}
    for key, value in figures.items():
        if isinstance(value, Mapping):
            groups.setdefault(tuple(map(str, value)), []).append([key, *map(_text, value.values())])
    tables = [_table(("", *columns), rows) for columns, rows in groups.items()]
    return [_table(("figure", "value"), [[key, _text(value)] for key, value in single.items()]), *tables]


def _resources(usage: Usage) -> list[str]:

    network = ", ".join(f"{name} {moved:g} MB" for name, moved in usage.network_mb.items()) or "nothing"
    return [
        f"<h2>Resources in {usage.seconds:.0f} s</h2>",
        _table(RESOURCES, [group.row() for group in usage.groups]),
        f"<p>Network of the whole machine: {escape(network)}. Unix sockets are not counted.</p>",
        svg(Curve("CPU", "s", "cores in use", usage.at_s, usage.cores)),
        svg(Curve("Memory", "s", "RSS, MB", usage.at_s, usage.rss_mb)),
    ]


def _table(headings: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(text: str) -> str:
    mark = f' class="{text}"' if text in {"aim", "must", "MISSED"} else ""
    return f"<td{mark}>{escape(text)}</td>"


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, list | tuple):
        return ", ".join(_text(one) for one in value[:12]) + (" …" if len(value) > 12 else "")
    return str(value)

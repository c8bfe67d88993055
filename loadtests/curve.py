"""A curve of a report: several lines over one axis, and its drawing as a small SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 14, 34
COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#57606a", "#bf3989", "#0a7c86")
#: A chart this wide cannot show more.
MOST_POINTS = 300


@dataclass(frozen=True, slots=True)
class Curve:
    """``lines`` has a value for every ``x``, ``None`` where there is none."""

    title: str
    x_label: str
    y_label: str
    x: Sequence[float]
    lines: Mapping[str, Sequence[float | None]]

    def figures(self) -> dict[str, Any]:
        """What the JSON output keeps."""
        return asdict(self)


def svg(curve: Curve) -> str:
    """The curve as one SVG element that needs nothing from anywhere."""
    highest = max((value for line in curve.lines.values() for value in line if value is not None), default=0) or 1
    first, last = (min(curve.x, default=0), max(curve.x, default=1))
    across = (last - first) or 1

    def place(x: float, y: float) -> str:
        return f"{LEFT + (x - first) / across * _plot_width():.1f},{_bottom() - y / highest * _plot_height():.1f}"

    drawn = [
        _line(name, colour, [place(x, y) for x, y in _thinned(curve.x, values) if y is not None], number)
        for number, ((name, values), colour) in enumerate(zip(curve.lines.items(), _colours(curve), strict=True))
    ]
    return (
        f'<figure><figcaption>{escape(curve.title)}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"{_frame(curve, highest, first, last)}{''.join(drawn)}</svg></figure>"
    )


def _line(name: str, colour: str, points: list[str], number: int) -> str:
    """A line with its dots while they can be told apart, and its name at the right."""
    dots = "".join(
        f'<circle cx="{point.partition(",")[0]}" cy="{point.partition(",")[2]}" r="2.5" fill="{colour}"/>'
        for point in (points if len(points) <= 20 else [])
    )
    beside = WIDTH - RIGHT + 12
    return (
        f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="1.6"/>{dots}'
        f'<text x="{beside}" y="{TOP + 12 + number * 16}" fill="{colour}">{escape(name)}</text>'
    )


def _frame(curve: Curve, highest: float, first: float, last: float) -> str:
    """Axes with their ends written beside them, and a line half way up."""
    right, middle = LEFT + _plot_width(), _bottom() - _plot_height() / 2
    return (
        f'<path d="M{LEFT} {TOP}V{_bottom()}H{right}" fill="none" stroke="#8c959f"/>'
        f'<path d="M{LEFT} {middle}H{right}" stroke="#d0d7de" stroke-dasharray="3 3"/>'
        f'<text x="{LEFT - 6}" y="{TOP + 8}" text-anchor="end">{highest:.3g}</text>'
        f'<text x="{LEFT - 6}" y="{middle + 4}" text-anchor="end">{highest / 2:.3g}</text>'
        f'<text x="{LEFT - 6}" y="{_bottom()}" text-anchor="end">0</text>'
        f'<text x="{LEFT}" y="{HEIGHT - 8}">{first:g}</text>'
        f'<text x="{right}" y="{HEIGHT - 8}" text-anchor="end">{last:g} {escape(curve.x_label)}</text>'
        f'<text x="{LEFT + _plot_width() / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(curve.y_label)}</text>'
    )


def _thinned(x: Sequence[float], values: Sequence[float | None]) -> list[tuple[float, float | None]]:
    """No more points than can be seen, the highest of each stretch: a peak must not vanish."""
    pairs = list(zip(x, values, strict=True))
    stretch = -(-len(pairs) // MOST_POINTS)
    if stretch <= 1:
        return pairs
    groups = [pairs[begin : begin + stretch] for begin in range(0, len(pairs), stretch)]
    return [max(group, key=lambda pair: pair[1] or 0) for group in groups]


def _colours(curve: Curve) -> list[str]:
    return [COLOURS[number % len(COLOURS)] for number in range(len(curve.lines))]


def _plot_width() -> int:
    return WIDTH - LEFT - RIGHT


def _plot_height() -> int:
    return HEIGHT - TOP - BOTTOM


def _bottom() -> int:
    return HEIGHT - BOTTOM

"""What the audience sees: a live board on a terminal, plain lines anywhere else."""

import time
from collections import deque
from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from .counter import Counter
from .reckoning import Reckoning
from .tally import Tally

LATEST = 8
MEASURED = {
    "price": "price an order",
    "create": "create",
    "pay": "take cash",
    "charge": "charge a card",
    "complete": "complete",
    "event": "commit → event at a till",
    "menu": "run out → off the tills' menus",
}


def pounds(minor: int) -> str:
    """An amount for people."""
    return f"£{minor / 100:,.2f}"


class Board:
    """Draws itself from the counters four times a second; ``say`` adds a remark."""

    def __init__(self, console: Console, tally: Tally) -> None:
        self._console = console
        self._tally = tally
        self._counters: Sequence[Counter] = ()
        self._remarks: deque[str] = deque(maxlen=LATEST)
        self._began = time.monotonic()
        self._live = Live(get_renderable=self._picture, console=console, refresh_per_second=4, transient=False)
        self._shown: dict[int, int] = {}

    @property
    def is_live(self) -> bool:
        return self._console.is_terminal

    def open(self, counters: Sequence[Counter]) -> None:
        """Begin to show."""
        self._counters, self._began = counters, time.monotonic()
        if self.is_live:
            self._live.start()

    def close(self) -> None:
        """Stop drawing; the last picture stays."""
        if self.is_live:
            self._live.stop()

    def say(self, sentence: str) -> None:
        """A remark, with the time since the doors opened."""
        remark = f"{time.monotonic() - self._began:5.1f} s  {sentence}"
        self._remarks.append(remark)
        if not self.is_live:
            self._console.print(remark, markup=False, highlight=False, soft_wrap=True)

    def print_sales(self) -> None:
        """Without a terminal: one line for each sale since the last call."""
        if self.is_live:
            return
        for counter in self._counters:
            done = [sale for sale in counter.sales if sale.step == "completed"]
            for sale in done[self._shown.get(id(counter), 0) :]:
                self.say(f"{counter.till.name:9} {sale.number}  {pounds(sale.total):>9}  change {pounds(sale.change)}")
            self._shown[id(counter)] = len(done)

    def report(self, reckoning: Reckoning) -> None:
        """The closing words."""
        say = self._console.print
        say()
        for kind, name in MEASURED.items():
            if self._tally.count(kind):
                say(f"  {name:32} {self._tally.line(kind)}", highlight=False)
        say(
            f"\n  {reckoning.orders} orders, {reckoning.payments} payments, {pounds(reckoning.takings)} taken, "
            f"{reckoning.events} events heard",
            highlight=False,
        )
        if reckoning.by_card:
            declined = f"{reckoning.declined} declined and paid in cash"
            say(f"  {reckoning.by_card} payments by card, {declined}", highlight=False)
        for sentence in reckoning.disagreements:
            say(f"  ✗ {sentence}", style="red", markup=False, highlight=False)
        if reckoning.agrees:
            say(
                "  ✓ every order is at the server exactly once, with the same total and state\n"
                "  ✓ payments, totals and lines add up to the penny\n"
                + ("  ✓ every card was charged once, and what its order says\n" if reckoning.by_card else "")
                + "  ✓ every till heard every event of its location exactly once and in order",
                style="green",
                highlight=False,
            )

    # --- the picture ---------------------------------------------------------------------

    def _picture(self) -> Group:
        return Group(self._headline(), self._tills(), self._latest(), self._figures(), self._said())

    def _headline(self) -> Text:
        sales = sum(len(counter.completed) for counter in self._counters)
        takings = pounds(sum(counter.takings for counter in self._counters))
        clock = f"{time.monotonic() - self._began:.0f} s"
        return Text(f" Fynlo Pizza · lunch · {clock} · {sales} sales · {takings}", style="bold white on dark_red")

    def _tills(self) -> Table:
        table = Table(expand=True, title_justify="left")
        for heading in ("Till", "Signed in", "Serving", "Sales", "Takings", "Events", "Retries", "Line"):
            table.add_column(
                heading, justify="right" if heading in {"Sales", "Takings", "Events", "Retries"} else "left"
            )
        for counter in self._counters:
            table.add_row(
                counter.till.name,
                counter.person,
                counter.busy_with or "–",
                str(len(counter.completed)),
                pounds(counter.takings),
                str(len(counter.heard)),
                str(counter.failed_attempts),
                _line_state(counter),
            )
        return table

    def _latest(self) -> Table:
        table = Table(expand=True, show_header=True)
        for heading in ("Order", "Till", "Total", "Change", "State"):
            table.add_column(heading)
        sales = [(sale, counter) for counter in self._counters for sale in counter.sales if sale.number]
        for sale, counter in sorted(sales, key=lambda pair: pair[0].order_id)[: -LATEST - 1 : -1]:
            table.add_row(sale.number, counter.till.name, pounds(sale.total), pounds(sale.change), sale.step)
        return table

    def _figures(self) -> Table:
        table = Table(expand=True)
        for heading in ("Milliseconds", "p50", "p95", "p99", "n"):
            table.add_column(heading, justify="left" if heading == "Milliseconds" else "right")
        for kind, name in MEASURED.items():
            figures = self._tally.milliseconds(kind)
            if figures:
                table.add_row(name, *(f"{figure:.0f}" for figure in figures), str(self._tally.count(kind)))
        return table

    def _said(self) -> Panel:
        return Panel(Text("\n".join(self._remarks) or "quiet"), title="Remarks", title_align="left")


def _line_state(counter: Counter) -> str:
    stream = counter.till.stream
    if stream is None or not stream.following.is_set():
        return "[red]reconnecting[/red]"
    return "[green]live[/green]" + (f", {stream.connects} connects" if stream.connects > 1 else "")

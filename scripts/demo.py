#!/usr/bin/env python3
"""`make demo`: four tills work through a lunch service, and the books are compared at its end."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from scripts.lunch.board import Board
from scripts.lunch.service import LunchService, Plan
from scripts.lunch.staff import NotReady, Welcome
from scripts.lunch.tally import Tally
from scripts.till.answer import Refused, Unanswered


def main(argv: list[str]) -> int:
    """Runs the lunch; 0 when everything agrees, 1 when something does not, 2 when it could not begin."""
    options = _options(argv)
    plan = Plan(
        duration_s=options.minutes * 60,
        most_orders=options.orders,
        rate_per_s=options.rate,
        seed=options.seed,
        chaos=options.chaos,
    )
    console, tally = Console(), Tally()
    board = Board(console, tally)
    try:
        with tempfile.TemporaryDirectory(prefix="fynlo-lunch-") as folder:
            lunch = LunchService(plan, Welcome.read(), board, tally)
            reckoning = asyncio.run(lunch.run(Path(folder)))
    except (NotReady, Refused, Unanswered) as error:
        console.print(f"The lunch could not be served: {error}", style="red", markup=False)
        return 2
    board.report(reckoning)
    return 0 if reckoning.agrees else 1


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo ARGS='…'", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long the doors are open (1)")
    parser.add_argument("--orders", type=int, help="stop after so many guests")
    parser.add_argument("--rate", type=float, default=0.5, help="guests a second at each location, off peak (0.5)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed brings the same guests")
    parser.add_argument(
        "--chaos", action="store_true", help="kill -9 Odoo workers, relay, gateway and Redis during lunch"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The command line behind the Makefile: `scripts/fynlo COMMAND`."""

import argparse
import sys
from collections.abc import Callable

from scripts.local import restaurant
from scripts.local.failure import SetupFailure
from scripts.local.installation import STEPS, install
from scripts.local.junit import Results
from scripts.local.lint import lint
from scripts.local.progress import Progress
from scripts.local.testing import test, test_fast, verdict

Command = Callable[[list[str]], int | None]


def _ci(_: list[str]) -> int:
    """Checks and tests in one run with one closing line."""
    results = Results()
    results.add(lint())
    results.add(test())
    return verdict(results)


def _call(arguments: list[str]) -> None:
    model, method = arguments
    restaurant.call(model, method)


def _python(arguments: list[str]) -> int:
    return restaurant.python_script(*arguments)


def _setup(_: list[str]) -> None:
    install(Progress(STEPS), browser=True)


COMMANDS: dict[str, Command] = {
    "setup": _setup,
    "run": lambda _: restaurant.run(),
    "stop": lambda _: restaurant.stop(),
    "clean": lambda _: restaurant.clean(),
    "status": lambda _: restaurant.status(),
    "logs": lambda _: restaurant.logs(),
    "shell": lambda _: restaurant.shell(),
    "psql": lambda _: restaurant.psql(),
    "upgrade": lambda _: restaurant.upgrade(),
    "rotate-keys": lambda _: restaurant.rotate_keys(),
    "openapi": lambda _: restaurant.openapi(),
    "call": _call,
    "python": _python,
    "load": lambda arguments: restaurant.load_test(*arguments),
    "test": lambda _: verdict(test()),
    "test-fast": lambda arguments: test_fast(arguments),
    "lint": lambda _: verdict(lint()),
    "ci": _ci,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/fynlo", description=__doc__)
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    try:
        return COMMANDS[options.command](options.arguments) or 0
    except SetupFailure as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())

"""How every load test ends: with an exit code, and with a sentence instead of a traceback when it cannot start."""

import sys
from collections.abc import Callable

from scripts.local.failure import SetupFailure


def run(main: Callable[[], int]) -> int:
    """The exit code of ``main``."""
    try:
        return main()
    except SetupFailure as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130

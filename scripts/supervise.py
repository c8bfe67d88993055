#!/usr/bin/env python3
"""Keeps one program running: restarts it after a crash with a growing pause, ends it gracefully on SIGTERM."""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

SHORTEST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
# a program that lived this long was healthy: its next crash begins with the shortest pause again
HEALTHY_AFTER_S = 10.0
LARGEST_LOG_BYTES = 20_000_000


class Supervisor:
    """One child, its state file and its log."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = False
        self._restarts = 0

    def run(self) -> int:
        """Runs until told to stop; returns 0."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGALRM, self._kill)
        pause = SHORTEST_PAUSE_S
        while not self._stopping:
            began = time.monotonic()
            code = self._run_child()
            if self._stopping:
                break
            pause = SHORTEST_PAUSE_S if time.monotonic() - began > HEALTHY_AFTER_S else min(pause * 2, LONGEST_PAUSE_S)
            self._say(f"{self._options.name} ended with {code}; starting it again in {pause:.1f} s")
            self._restarts += 1
            self._write_state(None)
            time.sleep(pause)
        self._options.state.unlink(missing_ok=True)
        return 0

    def _run_child(self) -> int:
        with self._open_log() as log:
            self._child = subprocess.Popen(
                self._options.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._identity(),
            )
        self._write_state(self._child.pid)
        if self._stopping:
            self._signal_child(self._options.stop_signal)
        code = self._child.wait()
        self._sweep()
        return code

    def _stop(self, _number: int, _frame: object) -> None:
        if self._stopping:
            return
        self._stopping = True
        signal.alarm(self._options.grace)
        self._signal_child(self._options.stop_signal)

    def _kill(self, _number: int, _frame: object) -> None:
        self._say(f"{self._options.name} did not end within {self._options.grace} s; killing it")
        self._sweep(signal.SIGKILL)

    def _signal_child(self, number: int) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(number)

    def _sweep(self, number: int = signal.SIGTERM) -> None:
        """Ends what a dead child has left in its process group, so that its port is free again."""
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, number)

    def _identity(self) -> dict[str, Any]:
        if not self._options.account:
            return {}
        uid, gid = map(int, self._options.account.split(":"))
        return {"user": uid, "group": gid, "extra_groups": []}

    def _open_log(self) -> BinaryIO:
        log: Path = self._options.log
        if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        return log.open("ab")

    def _write_state(self, child: int | None) -> None:
        state = {"supervisor": os.getpid(), "child": child, "restarts": self._restarts}
        partial = self._options.state.with_suffix(".part")
        partial.write_text(json.dumps(state))
        partial.replace(self._options.state)

    def _say(self, sentence: str) -> None:
        with self._open_log() as log:
            log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} supervisor: {sentence}\n".encode())


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--state", type=Path, required=True, help="JSON file with the pids, there while it runs")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--account", default="", help="uid:gid to run the program as")
    parser.add_argument("--stop-signal", type=int, default=signal.SIGTERM)
    parser.add_argument("--grace", type=int, default=30, help="seconds from the stop signal to SIGKILL")
    parser.add_argument("argv", nargs="+")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(Supervisor(_options(sys.argv[1:])).run())

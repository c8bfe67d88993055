"""Runs Locust in a process of its own against a stage and brings back what it measured, step by step."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.figures import OUT
from loadtests.steps import Step, steps_of
from loadtests.users.rising import RESULT, STEPS
from loadtests.users.scene import SCENE
from scripts.local.command import tail
from scripts.local.failure import SetupFailure
from scripts.local.layout import ROOT


@dataclass(frozen=True, slots=True)
class LocustRun:
    """The measured steps, and the requests that failed while users were still arriving."""

    steps: list[Step]
    arriving_failures: int


def run_locust(
    url: str, user: str, steps: Sequence[tuple[int, float]], location: Mapping[str, Any], name: str
) -> LocustRun:
    """So many users of a class of ``loadtests/users`` for so many seconds, one step after another.

    Scene, log and raw figures lie in ``loadtests/out/<name>.*``. Raises ``SetupFailure`` when Locust itself fails.
    """
    OUT.mkdir(parents=True, exist_ok=True)
    scene, result, log = (OUT / f"{name}.{kind}" for kind in ("scene.json", "steps.json", "locust.log"))
    scene.write_text(json.dumps(location))
    result.unlink(missing_ok=True)
    environment = {SCENE: str(scene), RESULT: str(result), STEPS: json.dumps(steps), "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-m", "locust", "-f", str(ROOT / "loadtests" / "locustfile.py"), "--headless"]
    argv += ["--host", url, "--loglevel", "WARNING", "--only-summary", "--exit-code-on-error", "0", user]
    with log.open("w") as out:
        code = subprocess.run(argv, env=os.environ | environment, cwd=ROOT, stderr=out, check=False).returncode
    if code or not result.exists():
        raise SetupFailure(f"Locust ended with {code}; the end of {log}:\n{tail(log)}")
    return _read(result)


def _read(result: Path) -> LocustRun:
    told = json.loads(result.read_text())
    return LocustRun(steps_of(told["steps"]), told["arriving_failures"])

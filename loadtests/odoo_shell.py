"""Scenes are set through Odoo's own shell, so that load tests import neither Odoo nor an addon."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCENES = Path(__file__).parent / "scenes"
MARK = "scene-answer:"

Answer = dict[str, Any]


class SceneFailed(Exception):
    """Odoo could not set the scene; the text is the end of what it said."""


def ask_odoo(environment: Mapping[str, str], database: str, script: str, function: str, **arguments: object) -> Answer:
    """Runs ``function(env, **arguments)`` of a scene in a process of its own, commits, returns its JSON answer.

    Odoo's shell tells nobody what it changed; without the signal a worker that sells or posts would go on
    with defaults and settings of before from its caches.
    """
    call = f"{function}(env, **json.loads({json.dumps(json.dumps(arguments))}))"
    source = (SCENES / f"{script}.py").read_text()
    commit = "env.cr.commit()\nenv.registry.signal_changes()"
    ending = f"\nimport json\nanswer = json.dumps({call})\n{commit}\nprint('\\n{MARK}' + answer)\n"
    result = subprocess.run(
        [environment["FYNLO_PYTHON"], environment["FYNLO_ODOO_BIN"], "shell", *_options(environment, database)],
        input=source + ending,
        capture_output=True,
        text=True,
        env=dict(environment),
        check=False,
    )
    for row in result.stdout.splitlines():
        if row.startswith(MARK):
            return dict(json.loads(row.removeprefix(MARK)))
    raise SceneFailed(f"{script}.{function}:\n" + "\n".join((result.stdout + result.stderr).splitlines()[-20:]))


def _options(environment: Mapping[str, str], database: str) -> list[str]:
    return ["-c", environment["ODOO_RC"], "-d", database, "--no-http", "--workers=0", "--log-level=warn"]

"""``make load-api``: starts a restaurant of its own and lets Locust's waiters work there."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from loadtests.entry import run
from loadtests.figures import OUT, environment, environment_line
from loadtests.load_till import sign_in
from loadtests.stage import Stage, stage
from loadtests.users.waiter import SCENE
from scripts.local.layout import ROOT
from scripts.local.stack import APPLICATIONS

SHORT, LONG = "30s", "5m"
MENU_PRODUCTS = 200


def main() -> int:
    options = _options()
    with stage("api") as scene:
        print(environment_line(environment(scene)), end="\n\n", flush=True)
        location = scene.ask_odoo("restaurant", "open_location", tills=options.tills, menu_products=MENU_PRODUCTS)
        scene.start(*APPLICATIONS)
        sign_in(scene.url, {**location, "tills": location["tills"][:1]})
        OUT.mkdir(parents=True, exist_ok=True)
        file = OUT / "scene.json"
        file.write_text(json.dumps(location))
        return _work(scene, file, options.tills, LONG if options.long else SHORT)


def _work(scene: Stage, file: Path, tills: int, time: str) -> int:
    argv = [
        *(sys.executable, "-m", "locust", "-f", str(ROOT / "loadtests" / "locustfile.py"), "--headless"),
        *("--host", scene.url, "-u", str(tills), "-r", str(tills), "-t", time, "--only-summary"),
        *("--csv", str(OUT / "api"), "--html", str(OUT / "api.html")),
    ]
    return subprocess.run(argv, env=os.environ | {SCENE: str(file)}, cwd=ROOT, check=False).returncode


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.api", description=__doc__)
    parser.add_argument("--tills", type=int, default=16, help="tills, each with its waiter (16)")
    parser.add_argument("--long", action="store_true", help=f"{LONG} instead of {SHORT}")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))

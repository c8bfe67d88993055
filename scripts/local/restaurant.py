"""The commands around the running demo restaurant: run, stop, status, logs, upgrade and what asks its database."""

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from scripts.local.command import clean_environment
from scripts.local.configuration import DATABASE
from scripts.local.database import RestaurantDatabase
from scripts.local.failure import SetupFailure
from scripts.local.installation import STEPS, Installation, install
from scripts.local.layout import END_TO_END, LOAD, ROOT, RUN, TEST
from scripts.local.modules import DEMO, our_modules
from scripts.local.ports import choose_ports, remembered_ports
from scripts.local.postgres import Cluster
from scripts.local.process import Process
from scripts.local.progress import Progress, SilentProgress
from scripts.local.python_environment import LINK
from scripts.local.redis_server import RedisServer
from scripts.local.secret_files import ensure_secrets, rotate_key
from scripts.local.simulators import simulated
from scripts.local.stack import APPLICATIONS, SERVERS, Stack, stop_everything
from scripts.local.welcome import keep_welcome, print_welcome

RUN_STEPS = STEPS + 3


def run() -> None:
    """Starts the restaurant, from nothing or from where it was stopped, and prints how to use it."""
    progress = Progress(RUN_STEPS)
    installation = install(progress)
    stack = _servers(progress, installation)
    database = RestaurantDatabase(stack.cluster, stack.database, _module())
    if database.changed:
        stack.stop_applications()
    with progress.step("Database (about three minutes the first time)"):
        progress.note(database.ensure(stack.environment))
    with progress.step("Odoo, relay and gateway"), ThreadPoolExecutor(1) as beside:
        stack = _with_free_ports(stack)
        stack.start_applications()
        # a pairing code needs the database only, and takes as long as Odoo's own start
        answer = beside.submit(_welcome, stack)
        stack.await_ready()
        welcome = answer.result()
    keep_welcome(RUN, welcome)
    print_welcome(stack, welcome)


def _servers(progress: Progress, installation: Installation) -> Stack:
    RUN.create()
    with progress.step("PostgreSQL and Redis"):
        stack = _stack(installation, _ports())
        stack.cluster.start()
        stack.redis.start()
        ensure_secrets(RUN, installation)
        if Process(RUN, "odoo").supervisor is None:
            stack.configure()
    return stack


def _with_free_ports(stack: Stack) -> Stack:
    """Looks at the ports again: somebody may have taken one while the database was made."""
    if Process(RUN, "odoo").supervisor:
        return stack
    ready = replace(stack, ports=_ports())
    ready.configure()
    return ready


def _ports() -> dict[str, int]:
    """The ports of the running stack, or newly chosen ones: a listener of ours must not look like a taken port."""
    running = any(Process(RUN, name).supervisor for name in APPLICATIONS)
    return remembered_ports(RUN.ports) if running else choose_ports(RUN.ports)


def _stack(installation: Installation, ports: dict[str, int]) -> Stack:
    cluster = Cluster(RUN, installation.programs.postgres, durable=True)
    redis = RedisServer(RUN, installation.programs.redis_server, durable=True)
    return Stack(RUN, installation, cluster, redis, DATABASE, ports)


def _module() -> str:
    """The module that brings all others: the demo restaurant, or what FYNLO_MODULE names."""
    module = os.environ.get("FYNLO_MODULE", DEMO)
    if module not in our_modules():
        raise SetupFailure(f"There is no addon {module}.", f"choose FYNLO_MODULE among {', '.join(our_modules())}.")
    return module


def _welcome(stack: Stack) -> dict[str, Any]:
    if _module() != DEMO:
        return {}
    return dict(stack.call("fynlo.demo", "_welcome"))


def running_stack() -> Stack:
    """The stack as it runs; the servers at least must be up."""
    if Process(RUN, "postgres").supervisor is None:
        raise SetupFailure("The restaurant is not running.", "make run")
    return _stack(_quiet_installation(), remembered_ports(RUN.ports))


def _quiet_installation() -> Installation:
    return install(SilentProgress(STEPS))


def stop() -> None:
    """Ends every process of this checkout, those of tests as well."""
    layouts = [layout for layout in (END_TO_END, LOAD, RUN, TEST) if layout.pids.is_dir()]
    stopped = [name for layout in layouts for name in stop_everything(layout)]
    print(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")


def clean() -> None:
    """Stops everything and removes the data; downloads stay in the user's cache."""
    stop()
    for layout in (RUN, TEST, END_TO_END, LOAD):
        for folder in (layout.cluster, layout.sockets):
            if ROOT not in folder.parents:
                shutil.rmtree(folder.parent if folder.name == "pg" else folder, ignore_errors=True)
    if RUN.home.exists():
        shutil.rmtree(RUN.home)
    if LINK.is_symlink():
        LINK.unlink()
    print("removed .run and .venv")


def status() -> int:
    """Prints a line for each process; 0 when all of them run, else 1."""
    down = 0
    for name in (*reversed(SERVERS), *APPLICATIONS, *simulated()):
        process = Process(RUN, name)
        down += process.child is None
        state = f"runs   pid {process.child}, restarted {process.restarts} times" if process.child else "down"
        print(f"{name:9} {state}")
    if not down:
        ports = remembered_ports(RUN.ports)
        print(f"\nOdoo      http://127.0.0.1:{ports['http']}\nevents    ws://127.0.0.1:{ports['websocket']}/ws/v1")
        print(f"relay     http://127.0.0.1:{ports['relay']}/health/ready, /metrics")
        for name in simulated():
            print(f"{name:9} http://127.0.0.1:{ports[name]} (simulated: no money moves)")
    return 1 if down else 0


def logs() -> None:
    """Follows the logs of all processes until interrupted."""
    files = sorted(RUN.logs.glob("*.log"))
    if not files:
        raise SetupFailure("There are no logs yet.", "make run")
    os.execvp("tail", ["tail", "-n", "20", "-F", *map(str, files)])


def shell() -> None:
    """An interactive Odoo shell on the restaurant's database."""
    stack = running_stack()
    python, program = stack.installation.environment.python, stack.installation.tree.program
    argv = [str(python), str(program), "shell", "-c", str(RUN.odoo_conf), "-d", stack.database, "--no-http"]
    os.execve(argv[0], argv, stack.environment)


def psql() -> None:
    """An interactive psql on the restaurant's database."""
    stack = running_stack()
    program = str(stack.installation.programs.psql)
    os.execve(program, [program, "-d", stack.database], stack.environment)


def upgrade() -> None:
    """Upgrades every addon of ours in the database and starts Odoo again."""
    stack = running_stack()
    progress = Progress(2)
    stack.stop_applications()
    with progress.step("Upgrade of the database"):
        RestaurantDatabase(stack.cluster, stack.database, _module()).upgrade(stack.environment)
    with progress.step("Odoo, relay and gateway"):
        stack.configure()
        stack.start_applications()
        stack.await_ready()


def rotate_keys() -> None:
    """Adds a signing key and starts Odoo again, gracefully; nobody is logged out."""
    stack = running_stack()
    print(f"new signing key {rotate_key(RUN, stack.installation)}")
    if stack.process("odoo").stop():
        stack.start("odoo")
        stack.await_ready()


def call(model: str, method: str) -> None:
    """Calls a method of a model in the restaurant's database and prints its answer."""
    answer = running_stack().call(model, method, loud=True)
    if answer is not None:
        print(answer if isinstance(answer, str) else json.dumps(answer, indent=2, ensure_ascii=False))


def python_script(script: str, *arguments: str) -> int:
    """Runs a Python program of the repository against the running restaurant."""
    stack = running_stack()
    env = stack.environment | {"FYNLO_URL": stack.url, "PYTHONPATH": str(ROOT)}
    target = [str(ROOT / script)] if script.endswith(".py") else ["-m", script]
    argv = [str(stack.installation.environment.python), *target, *arguments]
    return subprocess.run(argv, env=env, cwd=ROOT, check=False).returncode


def load_test(module: str, *arguments: str) -> int:
    """Runs a load test of the repository, which starts what it needs by itself."""
    installation = install(Progress(STEPS))
    argv = [str(installation.environment.python), "-m", f"loadtests.{module}", *arguments]
    return subprocess.run(argv, env=clean_environment(PYTHONPATH=str(ROOT)), cwd=ROOT, check=False).returncode


def openapi() -> int:
    """Writes docs/api/openapi.json."""
    target = ROOT / "docs" / "api" / "openapi.json"
    return python_script("scripts/openapi.py", "--config", str(RUN.odoo_conf), "--database", DATABASE, str(target))

"""One running restaurant: PostgreSQL, Redis, Odoo, relay and gateway, each supervised."""

import http.client
import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from scripts.local.configuration import stack_environment, write_odoo_conf
from scripts.local.database import ENTRYPOINT
from scripts.local.failure import SetupFailure
from scripts.local.installation import Installation
from scripts.local.layout import ROOT, Layout
from scripts.local.postgres import Cluster
from scripts.local.process import Process
from scripts.local.redis_server import RedisServer
from scripts.local.simulators import SIMULATORS, simulated, simulator_argv, simulator_environment

APPLICATIONS = ("odoo", "relay", "gateway")
SERVERS = ("redis", "postgres")
READY_TIMEOUT_S = 180
# a program that was started again this often before it answered will not get well by waiting
MOST_RESTARTS = 4


@dataclass(frozen=True)
class Stack:
    """The processes of one layout on one database; `cluster` may belong to another layout."""

    layout: Layout
    installation: Installation
    cluster: Cluster
    redis: RedisServer
    database: str
    ports: Mapping[str, int]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['http']}"

    @property
    def websocket_url(self) -> str:
        return f"ws://127.0.0.1:{self.ports['websocket']}/ws/v1"

    @property
    def environment(self) -> dict[str, str]:
        environment = stack_environment(self.layout, self.installation, self.cluster, self.ports, self.database)
        return environment | simulator_environment(self.layout, self.ports)

    def configure(self, **options: str) -> None:
        """Writes odoo.conf; Odoo reads it at its start."""
        write_odoo_conf(self.layout, self.installation, self.ports, self.database, **options)

    def process(self, name: str) -> Process:
        return Process(self.layout, name)

    def start_applications(self) -> None:
        for name in (*simulated(), *APPLICATIONS):
            self.start(name)

    def start(self, name: str) -> None:
        """Starts one of Odoo, relay, gateway, redis, and the simulators bank and stripe."""
        if name == "redis":
            self.redis.start()
        elif name in SIMULATORS:
            argv = simulator_argv(name, self.layout, self.installation, self.ports)
            self.process(name).start(argv, self.environment)
        else:
            self.process(name).start([ENTRYPOINT, name], self.environment)

    def start_another(self, application: str, name: str, **variables: str) -> Process:
        """Starts one more process of an application, under a name and with variables of its own."""
        process = self.process(name)
        process.start([ENTRYPOINT, application], self.environment | variables)
        return process

    def await_ready(self) -> None:
        """Returns when Odoo, relay and gateway answer that they are ready, and it is ours that answer."""
        self.await_odoo()
        for name, port in (("relay", self.ports["relay"]), ("gateway", self.ports["websocket"])):
            self._await(name, f"http://127.0.0.1:{port}/health/ready", port)

    def await_odoo(self) -> None:
        """Returns when Odoo alone answers that it is ready."""
        self._await("odoo", f"{self.url}/api/v1/health/ready", self.ports["http"])

    def stop_applications(self) -> list[str]:
        """Ends gateway, relay, Odoo and the simulators; returns the names of those that were running."""
        return [name for name in (*reversed(APPLICATIONS), *SIMULATORS) if self.process(name).stop()]

    def call(self, model: str, method: str, *, loud: bool = False) -> Any:
        """Calls a method of an Odoo model in a process of its own, commits, returns its JSON answer."""
        return call_odoo(self.environment, self.installation, self.database, model, method, loud=loud)

    def _await(self, name: str, url: str, port: int) -> None:
        process = self.process(name)
        deadline, before = time.monotonic() + READY_TIMEOUT_S, process.restarts
        while not (_answers(url) and process.owns_port(port)):
            if process.restarts - before >= MOST_RESTARTS:
                raise SetupFailure(f"{name} ends again and again; {process.quote_log()}")
            if time.monotonic() > deadline:
                raise SetupFailure(f"{name} is not ready after {READY_TIMEOUT_S} s ({url}); {process.quote_log()}")
            time.sleep(0.2)


def call_odoo(
    env: Mapping[str, str], installation: Installation, database: str, model: str, method: str, *, loud: bool = False
) -> Any:
    """See `Stack.call`; needs the database only, no running Odoo. A loud call shows its log as it goes."""
    script = ROOT / "scripts" / "odoo_call.py"
    result = subprocess.run(
        [installation.environment.python, script, "--config", env["ODOO_RC"], "--database", database, model, method],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if loud else subprocess.PIPE,
        text=True,
        env=dict(env),
        check=False,
    )
    if result.returncode:
        raise SetupFailure(f"{model}.{method} failed:\n{_indented(result.stderr or 'its log is above')}")
    return json.loads(result.stdout.splitlines()[-1])


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError, http.client.HTTPException):
        return False


def _indented(text: str) -> str:
    return "\n".join(f"    {row}" for row in text.splitlines()[-15:])


def stop_everything(layout: Layout) -> list[str]:
    """Ends whatever runs below the layout, applications before the servers they use; needs nothing installed."""
    running = {state.stem for state in layout.pids.glob("*.json")}
    usual = (*reversed(APPLICATIONS), *SIMULATORS, *SERVERS)
    names = [*sorted(running - set(usual)), *(name for name in usual if name in running)]
    return [name for name in names if Process(layout, name).stop()]

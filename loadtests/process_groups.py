"""The processes of a stage by what they are for, as a resource watch reads them."""

import os
from collections.abc import Iterable

import psutil

from loadtests.resource_watch import Roots
from scripts.local.process import Process
from scripts.local.stack import APPLICATIONS, Stack

GENERATOR = "load generator"


def groups_of(stack: Stack) -> dict[str, Roots]:
    """Odoo with its workers, relay, gateway, PostgreSQL with its backends, Redis, and this process with its helpers."""
    processes = {name: stack.process(name) for name in APPLICATIONS}
    processes |= {"postgresql": stack.cluster.process, "redis": stack.redis.process}
    groups: dict[str, Roots] = {name: _root(process) for name, process in processes.items()}
    return groups | {GENERATOR: lambda: _generator(processes.values())}


def _root(process: Process) -> Roots:
    return lambda: [process.child] if process.child else []


def _generator(servers: Iterable[Process]) -> list[int]:
    """This process and what it started, without the supervisors of the servers and what those started."""
    supervisors = {server.supervisor for server in servers}
    beside = [child.pid for child in psutil.Process().children() if child.pid not in supervisors]
    return [os.getpid(), *beside]

"""The supervisor and the ports: crashes are repaired, stops are graceful, strangers are not taken for ours."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.local.failure import SetupFailure
from scripts.local.layout import Layout
from scripts.local.ports import choose_ports, is_free, remembered_ports
from scripts.local.process import Process
from scripts.local.stack import stop_everything

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]  # fmt: skip


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    layout = Layout(tmp_path)
    layout.pids.mkdir()
    layout.logs.mkdir()
    subject = Process(layout, "till")
    yield subject
    subject.stop()


def eventually(condition: Callable[[], object], within_s: float = 20) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)


def start(process: Process, argv: list[str], **options: int) -> None:
    process.start(argv, os.environ, **options)
    eventually(lambda: process.child and "up" in process.log.read_text())


def test_a_crashed_program_is_started_again(process: Process) -> None:
    start(process, SLEEPER)
    first = process.child
    process.kill()
    eventually(lambda: process.child not in {None, first})
    assert process.restarts == 1
    assert "starting it again" in process.log.read_text()


def test_stop_ends_program_and_supervisor(process: Process) -> None:
    start(process, SLEEPER)
    child, supervisor = process.child, process.supervisor
    assert process.stop()
    assert process.child is None
    assert process.supervisor is None
    assert not Path(f"/proc/{child}").exists()
    assert not Path(f"/proc/{supervisor}").exists() or "Z" in Path(f"/proc/{supervisor}/stat").read_text()
    assert not process.stop(), "there is nothing left to stop"


def test_everything_is_ended_also_what_the_stack_does_not_know(process: Process) -> None:
    """A second relay or gateway is ended before the servers that it uses."""
    server = Process(process.layout, "redis")
    for running in (server, process):
        start(running, SLEEPER)
    assert stop_everything(process.layout) == ["till", "redis"]
    assert process.supervisor is None
    assert server.supervisor is None


def test_a_program_that_ignores_the_signal_is_killed_after_its_grace(process: Process) -> None:
    start(process, STUBBORN, grace_s=1)
    child = process.child
    process.stop(timeout_s=15)
    assert not Path(f"/proc/{child}").exists()
    assert "killing it" in process.log.read_text()


def test_start_is_idempotent(process: Process) -> None:
    start(process, SLEEPER)
    child = process.child
    process.start(SLEEPER, os.environ)
    assert process.child == child


def test_a_program_whose_supervisor_was_killed_is_not_left_behind(process: Process) -> None:
    start(process, SLEEPER)
    orphan, supervisor = process.child, process.supervisor
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    eventually(lambda: process.supervisor is None)
    process.start(SLEEPER, os.environ)
    eventually(lambda: process.child)
    assert process.child != orphan
    assert not Path(f"/proc/{orphan}").exists() or "Z" in Path(f"/proc/{orphan}/stat").read_text()


def test_a_recycled_pid_is_not_taken_for_ours(process: Process) -> None:
    state = process.layout.pids / "till.json"
    state.write_text(json.dumps({"supervisor": os.getpid(), "child": os.getpid(), "restarts": 0}))
    assert process.supervisor is None
    state.unlink()


def test_an_answer_from_a_stranger_does_not_count(process: Process) -> None:
    start(process, SLEEPER)
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        assert not process.owns_port(stranger.getsockname()[1])


def test_a_listener_of_the_program_counts(process: Process, tmp_path: Path) -> None:
    code = (
        "import socket, time; s = socket.create_server(('127.0.0.1', 0));"
        "print('up', s.getsockname()[1], flush=True); time.sleep(600)"
    )
    start(process, [sys.executable, "-c", code])
    port = int(process.log.read_text().split()[-1])
    assert process.owns_port(port)


def test_ports_are_remembered(tmp_path: Path) -> None:
    memory = tmp_path / "ports.json"
    chosen = choose_ports(memory, usual=False)
    assert len(set(chosen.values())) == 6
    assert choose_ports(memory, usual=False) == chosen
    assert remembered_ports(memory) == chosen


def test_a_taken_port_is_replaced(tmp_path: Path) -> None:
    memory = tmp_path / "ports.json"
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        memory.write_text(json.dumps({"http": taken}))
        chosen = choose_ports(memory, usual=False)
        assert not is_free(taken)
    assert chosen["http"] != taken


def test_a_wished_port_that_is_taken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("FYNLO_HTTP_PORT", str(other.getsockname()[1]))
        with pytest.raises(SetupFailure, match="is taken") as refusal:
            choose_ports(tmp_path / "ports.json")
    assert "FYNLO_HTTP_PORT" in refusal.value.remedy


def test_a_listener_that_is_new_gets_a_port_of_its_own_beside_the_running_ones(tmp_path: Path) -> None:
    memory = tmp_path / "ports.json"
    chosen = choose_ports(memory, usual=False)
    memory.write_text(json.dumps({name: port for name, port in chosen.items() if name != "relay"}))
    completed = remembered_ports(memory)
    assert {**completed, "relay": 0} == {**chosen, "relay": 0}
    assert completed["relay"] not in {port for name, port in chosen.items() if name != "relay"}
    assert remembered_ports(memory) == completed


def test_no_ports_before_the_first_start(tmp_path: Path) -> None:
    with pytest.raises(SetupFailure, match="No restaurant has been started"):
        remembered_ports(tmp_path / "ports.json")


def test_supervisor_explains_itself() -> None:
    result = subprocess.run(
        [sys.executable, "scripts/supervise.py", "--help"], capture_output=True, text=True, check=True
    )
    assert "restarts it after a crash" in result.stdout

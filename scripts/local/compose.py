"""The docker compose program, to validate the compose file on a machine without an engine."""

import shutil
import subprocess
from pathlib import Path

from scripts.local.apt import PrivateApt
from scripts.local.failure import SetupFailure

PLUGIN = Path("usr/libexec/docker/cli-plugins/docker-compose")
PACKAGE = "docker-compose"


def compose_command(cache: Path) -> list[str]:
    """A compose of version 2 or later: the machine's own, or the one of Debian's package, unpacked into the cache."""
    if shutil.which("docker") and _works(["docker", "compose"]):
        return ["docker", "compose"]
    program = cache / "compose" / PLUGIN
    if not program.exists():
        _unpack(cache)
    return [str(program)]


def _works(command: list[str]) -> bool:
    return subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0


def _unpack(cache: Path) -> None:
    folder = cache / "debs"
    for old in folder.glob(f"{PACKAGE}_*.deb"):
        old.unlink()
    # bookworm's package of this name is version 1; sid's is the plugin
    PrivateApt(cache / "apt").download([f"{PACKAGE}/sid"], folder)
    package = next(folder.glob(f"{PACKAGE}_*.deb"))
    result = subprocess.run(["dpkg-deb", "-x", package, cache / "compose"], capture_output=True, text=True, check=False)
    if result.returncode:
        raise SetupFailure(f"{package} could not be unpacked: {result.stderr.strip()}", "remove it and try again.")

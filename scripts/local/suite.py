"""Which tests there are and how they are run: one pytest call is a job, the addons' files are dealt out to several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.local.layout import ADDONS, ROOT
from scripts.local.modules import DEMO

# beside this many seconds of start-up, a file that was never timed weighs by its size
SECONDS_PER_KILOBYTE = 0.5


@dataclass(frozen=True)
class Job:
    """One call of pytest on some files. `level` is the template database it wants; `alone` forbids neighbours."""

    name: str
    files: tuple[str, ...]
    level: str = ""
    alone: bool = False
    weight: float = 0.0
    plugins: tuple[str, ...] = field(default=("-p", "no:odoo"))

    @property
    def needs_odoo(self) -> bool:
        return bool(self.level)


def jobs(shards: int, seconds: Mapping[str, float]) -> list[Job]:
    """Every job of the whole test run, the heaviest first, those that must be alone at the end."""
    found = [
        *addon_jobs(addon_files(), shards, seconds),
        *_odoo_job("demo", _files(ADDONS / DEMO / "tests"), "demo", seconds),
        *_plain_job("ws_server", _files(ROOT / "ws_server"), seconds),
        *_plain_job("loadtests", _files(ROOT / "loadtests"), seconds),
        *_plain_job("simulators", _files(ROOT / "simulators"), seconds),
        *_plain_job("setup", [file for file in _files(ROOT / "tests") if "/e2e/" not in file], seconds),
        *_plain_job("e2e", _files(ROOT / "tests" / "e2e"), seconds, alone=True),
    ]
    return sorted(found, key=lambda job: (job.alone, -job.weight))


def addon_jobs(files: Sequence[str], shards: int, seconds: Mapping[str, float]) -> list[Job]:
    """The addons' test files dealt out so that the shards take about as long as each other."""
    piles: list[list[str]] = [[] for _ in range(max(1, min(shards, len(files))))]
    loads = [0.0] * len(piles)
    for file in sorted(files, key=lambda file: (-weight_of(file, seconds), file)):
        lightest = loads.index(min(loads))
        piles[lightest].append(file)
        loads[lightest] += weight_of(file, seconds)
    return [
        Job(f"addons-{number}", tuple(sorted(pile)), level="addons", weight=load, plugins=())
        for number, (pile, load) in enumerate(zip(piles, loads, strict=True), 1)
        if pile
    ]


def addon_files() -> list[str]:
    """Test files of all addons but the demo restaurant, whose tests want its data."""
    return [file for module in sorted(ADDONS.glob("*/tests")) if module.parent.name != DEMO for file in _files(module)]


def job_for(path: str) -> Job:
    """The job that runs just this file, folder or test id."""
    target = path.partition("::")[0]
    module = Path(target).parts[1] if target.startswith("addons/") else ""
    if not module:
        return Job("fast", (path,))
    return Job("fast", (path,), level="demo" if module == DEMO else "addons", plugins=())


def weight_of(file: str, seconds: Mapping[str, float]) -> float:
    """Seconds the file took last time, or a guess from its size."""
    if file in seconds:
        return seconds[file]
    path = ROOT / file
    return path.stat().st_size / 1000 * SECONDS_PER_KILOBYTE if path.exists() else 1.0


def _files(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(ROOT)) for file in folder.rglob("test_*.py"))


def _odoo_job(name: str, files: list[str], level: str, seconds: Mapping[str, float]) -> list[Job]:
    total = sum(weight_of(file, seconds) for file in files)
    return [Job(name, tuple(files), level=level, weight=total, plugins=())] if files else []


def _plain_job(name: str, files: list[str], seconds: Mapping[str, float], *, alone: bool = False) -> list[Job]:
    total = sum(weight_of(file, seconds) for file in files)
    return [Job(name, tuple(files), alone=alone, weight=total)] if files else []

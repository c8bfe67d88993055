"""Gets Odoo 19: a tree that is there already, a git checkout when asked for, or Debian's package."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from scripts.local.apt import REMEDIES, PrivateApt
from scripts.local.command import require_space, run_logged
from scripts.local.failure import SetupFailure
from scripts.local.odoo_tree import SERIES, OdooTree, recognise
from scripts.local.progress import warn

PINNED_VERSION = "19.0.0+dfsg-1"
PINNED_SHA256 = "9d2f598b0555db17e291d48ed24df184c70823c053c4c5ed53c467ca7f629bbf"
UPSTREAM = "https://github.com/odoo/odoo.git"
# 41 links of the package point into these; without them pages and tests break
LINKED_PACKAGES = (
    "fonts-font-awesome",
    "fonts-roboto-unhinted",
    "fonts-inconsolata",
    "fonts-ocr-b",
    "fonts-montserrat",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)
# its other languages are 837 MB; its folder `addons` would shadow ours on import
LEFT_OUT = ("--exclude=*/i18n/*.po", "--exclude=*/i18n/*.pot", "--exclude=./usr/lib/python3/dist-packages/addons")
# Debian leaves these out (no free source), but Odoo's asset bundles name them and log an error on every page
GAPS = ("mail/static/lib/selfie_segmentation/selfie_segmentation.js",)
GAP_TEXT = "/* Left out of Debian's package: the background blur of video calls is not available. */\n"
SHIPPED_LANGUAGES = ("es",)


def odoo(cache: Path, log: Path) -> OdooTree:
    """The Odoo to use, fetched into the cache when nothing nearer exists."""
    if home := os.environ.get("ODOO_HOME"):
        return recognise(Path(home).resolve())
    if os.environ.get("FYNLO_ODOO_DEB"):
        return _from_package(cache, log)
    if os.environ.get("FYNLO_ODOO_GIT") == "1":
        return _from_git(cache, log)
    return _installed(cache) or _from_package(cache, log)


def _installed(cache: Path) -> OdooTree | None:
    """An Odoo of the system's own package, reached through a folder that shows nothing else of the system."""
    if not Path("/usr/bin/odoo").exists() or os.environ.get("FYNLO_IGNORE_INSTALLED") == "1":
        return None
    try:
        tree = recognise(Path("/"))
    except SetupFailure:
        return None
    window = cache / "odoo-installed"
    window.mkdir(parents=True, exist_ok=True)
    link = window / "odoo"
    if not link.is_symlink():
        link.symlink_to(tree.python_path / "odoo")
    return OdooTree(tree.program, window, tree.addons, tree.version)


def _from_git(cache: Path, log: Path) -> OdooTree:
    destination = cache / f"odoo-git-{SERIES}"
    if not (destination / "odoo-bin").exists():
        require_space(cache, 1500, "A checkout of Odoo")
        partial = _emptied(cache / f"odoo-git-{SERIES}.part")
        upstream = os.environ.get("FYNLO_ODOO_GIT_URL", UPSTREAM)
        run_logged(
            ["git", "clone", "--quiet", "--depth", "1", "--branch", SERIES, upstream, partial],
            log=log,
            what=f"Checking out Odoo {SERIES} from {upstream}",
            remedy="check the network, or leave FYNLO_ODOO_GIT unset to use Debian's package.",
        )
        partial.rename(destination)
    return recognise(destination)


def _from_package(cache: Path, log: Path) -> OdooTree:
    if given := os.environ.get("FYNLO_ODOO_DEB"):
        return _from_local_package(cache, Path(given).resolve(), log)
    pinned = cache / f"odoo-{PINNED_VERSION}"
    if (pinned / ".complete").exists():
        return _ready(pinned)
    if successor := _successor_taken_before(cache):
        return _ready(successor)
    require_space(cache, 1200, "Odoo")
    apt = PrivateApt(cache / "apt")
    package = _cached_package(cache) or _downloaded(apt, cache)
    version = package.name.split("_")[1]
    return _unpacked(cache, package, version, log, apt)


def _from_local_package(cache: Path, package: Path, log: Path) -> OdooTree:
    if not package.is_file():
        raise SetupFailure(f"{package} does not exist.", "correct FYNLO_ODOO_DEB.")
    require_space(cache, 1200, "Odoo")
    return _unpacked(cache, package, f"local-{_sha256(package)[:12]}", log)


def _successor_taken_before(cache: Path) -> Path | None:
    if os.environ.get("FYNLO_STRICT") == "1":
        return None
    trees = [mark.parent for mark in cache.glob(f"odoo-{SERIES}*/.complete")]
    return max(trees, key=lambda tree: tree.stat().st_mtime, default=None)


def _cached_package(cache: Path) -> Path | None:
    package = cache / "debs" / f"odoo-19_{PINNED_VERSION}_all.deb"
    return package if package.exists() and _sha256(package) == PINNED_SHA256 else None


def _downloaded(apt: PrivateApt, cache: Path) -> Path:
    version = _version_to_take(apt)
    apt.download([f"odoo-19={version}"], cache / "debs")
    package = cache / "debs" / f"odoo-19_{version}_all.deb"
    if version == PINNED_VERSION and _sha256(package) != PINNED_SHA256:
        package.unlink()
        raise SetupFailure(
            f"The downloaded odoo-19 {version} is not the one that was pinned (its sha256 differs).",
            "try again; when it happens twice, do not use that mirror.",
        )
    return package


def _version_to_take(apt: PrivateApt) -> str:
    if apt.offers("odoo-19", PINNED_VERSION):
        return PINNED_VERSION
    candidate = apt.candidate("odoo-19")
    if candidate is None or not candidate.startswith(SERIES):
        raise SetupFailure(f"The mirror has no odoo-19 of the series {SERIES} any more.", REMEDIES)
    if os.environ.get("FYNLO_STRICT") == "1":
        raise SetupFailure(
            f"odoo-19 {PINNED_VERSION} is gone from the mirror, which now has {candidate}.",
            f"unset FYNLO_STRICT to take it, or {REMEDIES}",
        )
    warn(f"odoo-19 {PINNED_VERSION} is gone from the mirror; taking its signed successor {candidate}.")
    return candidate


def _unpacked(cache: Path, package: Path, version: str, log: Path, apt: PrivateApt | None = None) -> OdooTree:
    """Unpacks beside the destination and renames at the end: a broken attempt is never taken for a tree."""
    destination = cache / f"odoo-{version}"
    if (destination / ".complete").exists():
        return _ready(destination)
    linked = _linked_packages(apt or PrivateApt(cache / "apt"), cache / "debs")
    partial = _emptied(cache / f"odoo-{version}.part")
    partial.mkdir(parents=True)
    _extract(package, partial, *LEFT_OUT)
    languages = [f"*/i18n/{language}.po" for language in SHIPPED_LANGUAGES]
    _extract(package, partial, "--exclude=./usr/lib/python3/dist-packages/addons", "--wildcards", *languages)
    for file in linked:
        run_logged(["dpkg-deb", "-x", file, partial], log=log, what=f"Unpacking {file.name}")
    _require_no_dangling_link(partial)
    (partial / ".complete").touch()
    shutil.rmtree(destination, ignore_errors=True)
    partial.rename(destination)
    return _ready(destination)


def _ready(home: Path) -> OdooTree:
    """A tree that we unpacked, its gaps filled."""
    tree = recognise(home)
    for gap in GAPS:
        file = tree.addons[0] / gap
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(GAP_TEXT)
    return tree


def _linked_packages(apt: PrivateApt, folder: Path) -> list[Path]:
    missing = [name for name in LINKED_PACKAGES if not list(folder.glob(f"{name}_*.deb"))]
    if missing:
        apt.download(missing, folder)
    return [sorted(folder.glob(f"{name}_*.deb"))[-1] for name in LINKED_PACKAGES]


def _extract(package: Path, destination: Path, *filters: str) -> None:
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as archive:
        taken = subprocess.run(["tar", "-x", "-C", destination, *filters], stdin=archive.stdout, check=False)
    if archive.returncode or taken.returncode:
        raise SetupFailure(f"{package} could not be unpacked.", "remove it (it may be cut short) and try again.")


def _require_no_dangling_link(tree: Path) -> None:
    dangling = [path for path in tree.rglob("*") if path.is_symlink() and not path.exists()]
    if dangling:
        raise SetupFailure(
            f"{len(dangling)} links of the Odoo package point nowhere, first {dangling[0].relative_to(tree)}.", REMEDIES
        )


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()

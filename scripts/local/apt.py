"""A private apt: reads the machine's own mirror, never changes the machine's apt configuration or state."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from scripts.local.failure import SetupFailure

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# sid alone has odoo-19; Debian 12 has the font and JavaScript versions that Odoo's links name
SUITES = ("sid", "bookworm")
REMEDIES = (
    "point ODOO_HOME at an Odoo 19 tree, FYNLO_ODOO_DEB at an odoo-19 .deb, "
    "or set FYNLO_ODOO_GIT=1 to check out the upstream 19.0 branch."
)


def distribution() -> dict[str, str]:
    """The fields of /etc/os-release, empty where there is none."""
    try:
        rows = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return {}
    return {key: value.strip('"') for key, _, value in (row.partition("=") for row in rows) if value}


class PrivateApt:
    """apt with its own state below `home`: index, signatures and downloads, for any user."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._updated = False

    def download(self, packages: Iterable[str], folder: Path) -> None:
        """Fetches the .debs into the folder, their signature chain checked by apt."""
        self.update()
        folder.mkdir(parents=True, exist_ok=True)
        result = self._apt_get("download", *packages, cwd=folder)
        if result.returncode:
            raise SetupFailure(f"apt could not download {', '.join(packages)}: {_last_line(result.stderr)}", REMEDIES)

    def offers(self, package: str, version: str) -> bool:
        """Whether exactly this version is on the mirror."""
        self.update()
        madison = subprocess.run(
            ["apt-cache", *self._options(), "madison", package], capture_output=True, text=True, check=False
        )
        return any(version == row.split("|")[1].strip() for row in madison.stdout.splitlines() if row.count("|") >= 2)

    def candidate(self, package: str) -> str | None:
        """The newest version on the mirror, None when it has none."""
        self.update()
        madison = subprocess.run(
            ["apt-cache", *self._options(), "madison", package], capture_output=True, text=True, check=False
        )
        versions = [row.split("|")[1].strip() for row in madison.stdout.splitlines() if row.count("|") >= 2]
        return versions[0] if versions else None

    def update(self) -> None:
        """Fetches the index once per process."""
        if self._updated:
            return
        self._write_configuration(_mirror())
        result = self._apt_get("update")
        if result.returncode:
            raise SetupFailure(
                f"The Debian mirror of this machine's apt configuration does not answer: {_last_line(result.stderr)}",
                f"check the network and the proxy, or {REMEDIES}",
            )
        self._updated = True

    def _write_configuration(self, mirror: str) -> None:
        for name in ("etc/apt.conf.d", "etc/preferences.d", "etc/trusted.gpg.d", "etc/sources.d"):
            (self._home / name).mkdir(parents=True, exist_ok=True)
        (self._home / "state/lists/partial").mkdir(parents=True, exist_ok=True)
        (self._home / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
        (self._home / "state/status").touch()
        architecture = subprocess.run(
            ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
        ).stdout.strip()
        for suite in SUITES:
            (self._home / f"etc/sources.d/{suite}.sources").write_text(
                f"Types: deb\nURIs: {mirror}\nSuites: {suite}\nComponents: main\n"
                f"Architectures: {architecture}\nSigned-By: {KEYRING}\n"
            )
        (self._home / "etc/preferences.d/low").write_text("Package: *\nPin: release n=sid\nPin-Priority: 50\n")

    def _options(self) -> list[str]:
        home = self._home
        settings = {
            "Dir::Etc": home / "etc",
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": home / "etc/sources.d",
            "Dir::Etc::preferencesparts": home / "etc/preferences.d",
            "Dir::State": home / "state",
            "Dir::State::status": home / "state/status",
            "Dir::Cache": home / "cache",
            "APT::Sandbox::User": "",
            "Acquire::Languages": "none",
            "APT::Update::Error-Mode": "any",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
            "Acquire::IndexTargets::deb::CNF::DefaultEnabled": "false",
        }
        return [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]

    def _apt_get(self, *arguments: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["apt-get", *self._options(), "-qq", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=cwd,
            check=False,
        )


def _mirror() -> str:
    if shutil.which("apt-get") is None:
        raise SetupFailure("This machine has no apt-get, so Debian's odoo-19 cannot be fetched.", REMEDIES)
    release = distribution()
    if release.get("ID") != "debian" and "debian" not in release.get("ID_LIKE", "").split():
        raise SetupFailure(
            "This machine is neither Debian nor made from it, so it has no mirror with odoo-19.", REMEDIES
        )
    if release.get("ID") == "ubuntu" or "ubuntu" in release.get("ID_LIKE", "").split():
        raise SetupFailure("Ubuntu's mirror has no odoo-19 package.", REMEDIES)
    if not KEYRING.exists():
        raise SetupFailure(
            "Debian's signing keys are missing.", f"apt-get install debian-archive-keyring, or {REMEDIES}"
        )
    mirrors = _indexed_mirrors() or _configured_mirrors()
    if not mirrors:
        raise SetupFailure("This machine's apt sources name no Debian mirror.", REMEDIES)
    return mirrors[0]


def _indexed_mirrors() -> list[str]:
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN) $(LABEL)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    return _main_archives(row.split()[0] for row in listing.stdout.splitlines() if row.endswith(" Debian Debian"))


def _configured_mirrors() -> list[str]:
    """Mirrors as written in the sources, for a machine whose index was never fetched."""
    folder = Path("/etc/apt")
    rows = [
        row.split("#")[0].split()
        for source in [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
        if source.suffix in {".list", ".sources"} and os.access(source, os.R_OK)
        for row in source.read_text(errors="replace").splitlines()
    ]
    words = [word for row in rows if row and row[0] in {"deb", "URIs:"} for word in row[1:]]
    return _main_archives(word for word in words if "://" in word or word.startswith("mirror+file:"))


def _main_archives(uris: Iterable[str]) -> list[str]:
    """Archives that may hold sid: not the security one, not a foreign repository."""
    kept = [uri for uri in uris if "security" not in uri and not uri.startswith("cdrom:")]
    return [uri for uri in dict.fromkeys(kept) if uri.rstrip("/").endswith(("debian", "debian.list"))] or kept


def _last_line(text: str) -> str:
    rows = [row for row in text.splitlines() if row.strip()]
    return rows[-1] if rows else "no message"

"""Where everything of one running restaurant lies: sockets, data, logs, keys, pid files."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from scripts.local.account import Account, can_reach, service_account
from scripts.local.failure import SetupFailure

ROOT = Path(__file__).resolve().parents[2]
ADDONS = ROOT / "addons"
LOCK_FILE = ROOT / "requirements.lock"
# sun_path holds 108 bytes with its final zero
SOCKET_PATH_BYTES = 107
LONGEST_SOCKET = ".s.PGSQL.5432.lock"


def cache_directory() -> Path:
    """Downloads and environments that every checkout of this user shares."""
    if chosen := os.environ.get("FYNLO_CACHE"):
        return Path(chosen).resolve()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fynlo"


@dataclass(frozen=True)
class Layout:
    """The folders of one stack below `home`; another stack has another home and never meets this one."""

    home: Path

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def pids(self) -> Path:
        return self.home / "pids"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def filestore(self) -> Path:
        return self.data / "filestore"

    @property
    def redis(self) -> Path:
        return self.home / "redis"

    @property
    def keys(self) -> Path:
        return self.home / "keys"

    @property
    def pepper(self) -> Path:
        return self.home / "pepper"

    @property
    def apple_pay(self) -> Path:
        return self.home / "apple-pay"

    @property
    def ports(self) -> Path:
        return self.home / "ports.json"

    @property
    def odoo_conf(self) -> Path:
        return self.home / "odoo.conf"

    @property
    def welcome(self) -> Path:
        return self.home / "welcome.json"

    @property
    def setup_log(self) -> Path:
        return self.logs / "setup.log"

    @cached_property
    def account(self) -> Account | None:
        return service_account(ROOT)

    @cached_property
    def cluster(self) -> Path:
        """PostgreSQL's own folder; outside the checkout when its account cannot reach the checkout."""
        return (self.home if self._reachable else Path("/var/tmp") / self._short_name) / "pg"  # noqa: S108

    @cached_property
    def sockets(self) -> Path:
        """Folder of the unix sockets, short enough for the kernel's limit."""
        near = self.home / "sock"
        if self._reachable and len(os.fsencode(near / LONGEST_SOCKET)) <= SOCKET_PATH_BYTES:
            return near
        return Path(tempfile.gettempdir()) / self._short_name

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "redis.sock"

    def redis_url(self, number: int = 0) -> str:
        return f"unix://{self.redis_socket}?db={number}"

    @property
    def _short_name(self) -> str:
        return "fynlo-" + hashlib.sha256(os.fsencode(self.home)).hexdigest()[:10]

    @property
    def _reachable(self) -> bool:
        return self.account is None or can_reach(self.account, self.home / "pg")

    def create(self) -> None:
        """Makes the folders; sockets and cluster belong to the account that uses them."""
        self._require_ours()
        for folder in (self.home, self.logs, self.pids, self.filestore, self.redis):
            folder.mkdir(parents=True, exist_ok=True)
        if self.account is not None:
            self.home.chmod(0o711)
        for folder in (self.cluster, self.sockets):
            private_folder(folder, self.account)

    def _require_ours(self) -> None:
        nearest = self.home if self.home.exists() else self.home.parent
        if nearest.exists() and not os.access(nearest, os.W_OK):
            raise SetupFailure(
                f"{nearest} cannot be written by this user.",
                "run as the user that made it, or remove it as that user with `make clean`.",
            )


def private_folder(folder: Path, account: Account | None) -> None:
    """A folder of mode 0700 owned by the account; refuses one that somebody else has put there."""
    owner = account.uid if account else os.geteuid()
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        status = folder.lstat()
        if folder.is_symlink() or status.st_uid not in {owner, os.geteuid()}:
            raise SetupFailure(
                f"{folder} belongs to another user.", "remove it, or set TMPDIR to a folder of yours."
            ) from None
    if account:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)


RUN = Layout(ROOT / ".run")
TEST = Layout(ROOT / ".run" / "test")
END_TO_END = Layout(ROOT / ".run" / "e2e")
LOAD = Layout(ROOT / ".run" / "load")

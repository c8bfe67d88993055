"""The account that PostgreSQL runs as: it refuses root, so root hands it to somebody else."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from scripts.local.failure import SetupFailure


@dataclass(frozen=True)
class Account:
    """An ordinary account of this machine."""

    uid: int
    gid: int


def service_account(checkout: Path) -> Account | None:
    """None for an ordinary user (nothing to drop); for root the checkout's owner, or else `nobody`."""
    if os.geteuid() != 0:
        _require_name()
        return None
    owner = checkout.stat().st_uid
    try:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError:
        entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def _require_name() -> None:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise SetupFailure(
            f"The user id {os.geteuid()} has no name on this machine, and PostgreSQL refuses to run without one.",
            "add it to /etc/passwd (useradd), or run as another user.",
        ) from None


def can_reach(account: Account, folder: Path) -> bool:
    """Whether the account may walk down to the folder: every parent must be searchable by it."""
    return all(_searchable(account, parent) for parent in folder.parents if parent.exists())


def _searchable(account: Account, folder: Path) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == account.gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)

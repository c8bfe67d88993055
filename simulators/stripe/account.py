"""Whose books a request is about: keys, connected accounts, test and live apart."""

import base64
import re
import threading
from collections.abc import Callable

from .books import Books, Json
from .refusal import Refusal

PLATFORM = "acct_platform"
KEY = re.compile(r"(sk|rk|pk)_(test|live)_\w+")
ACCOUNT = re.compile(r"acct_\w+")


class Accounts:
    """The books of every account, opened when they are first asked for. Keys in ``revoked`` are refused."""

    def __init__(self, tell: Callable[[Books, Json], None], behaviour: Callable[[], str]) -> None:
        self.lock = threading.RLock()
        self.revoked: set[str] = set()
        self.strangers: set[str] = set()
        self._tell = tell
        self._behaviour = behaviour
        self._books: dict[tuple[str, bool], Books] = {}

    def books(self, account: str = PLATFORM, livemode: bool = False) -> Books:
        with self.lock:
            connected = account != PLATFORM
            if (account, livemode) not in self._books:
                above = self.books(PLATFORM, livemode) if connected else None
                made = Books(account, livemode, connected, self.lock, self._tell, self._behaviour, above)
                self._books[account, livemode] = made
            return self._books[account, livemode]

    def opened(self) -> list[Books]:
        return list(self._books.values())

    def admit(self, authorization: str, account: str | None) -> tuple[Books, bool]:
        """The books, and whether the key is a publishable one. Raises :class:`Refusal`."""
        key = _key(authorization)
        found = KEY.fullmatch(key)
        if not found or key in self.revoked:
            raise Refusal(401, "invalid_request_error", "api_key_invalid", "Invalid API Key provided.", saved=False)
        if account and (not ACCOUNT.fullmatch(account) or account in self.strangers):
            message = f"The provided key does not have access to account '{account}'."
            raise Refusal(403, "invalid_request_error", "account_invalid", message, saved=False)
        return self.books(account or PLATFORM, found[2] == "live"), found[1] == "pk"


def _key(authorization: str) -> str:
    kind, _, rest = authorization.partition(" ")
    if kind == "Basic":
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[0]
        except ValueError:
            return ""
    return rest if kind == "Bearer" else ""

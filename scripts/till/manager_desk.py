"""What a manager does beside the tills, by API: pairing codes, the drawer, what has run out."""

import json

from .answer import Refused, Unanswered, refusal
from .api_client import ApiClient
from .connection import Connection
from .identifiers import uuid7
from .journal import Journal
from .pause import Pause
from .store import Store

ATTEMPTS = 8


class PasswordSignIn:
    """Signs in by e-mail and password, and again whenever the token is rejected."""

    def __init__(self, connection: Connection, email: str, password: str, location_id: str | None) -> None:
        self._connection = connection
        self._body = {"email": email, "password": password, "location_id": location_id}
        self._token = ""

    async def token(self) -> str:
        """The present access token."""
        return self._token or await self.renew("")

    async def renew(self, rejected: str) -> str:
        """A new access token. Raises ``Refused`` when the password is wrong."""
        pause = Pause()
        for attempt in range(ATTEMPTS):
            try:
                answer = await self._connection.send("POST", "/auth/login", text=json.dumps(self._body))
            except Unanswered:
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                if answer.is_final:
                    break
            await pause.wait()
        if not answer.is_success:
            raise refusal(answer)
        self._token = str(answer.body["access_token"])
        return self._token


class ManagerDesk:
    """A manager of one location."""

    def __init__(self, url: str, email: str, password: str, location_id: str | None = None) -> None:
        self._connection = Connection(url)
        self._store = Store(":memory:")
        self.sign_in = PasswordSignIn(self._connection, email, password, location_id)
        self.api = ApiClient(self._connection, self.sign_in, Journal(self._store))

    async def close(self) -> None:
        """Give up the sockets."""
        await self._connection.close()
        self._store.close()

    async def pairing_code(self, location_id: str, name: str) -> str:
        """A code that pairs one till within ten minutes."""
        return str((await self.api.write("/devices/pairing-codes", {"location_id": location_id, "name": name}))["code"])

    async def open_drawer(self, float_minor: int, currency: str) -> bool:
        """Open the location's till session; False when it was open already."""
        try:
            await self.api.write(
                "/till-sessions", {"id": uuid7(), "float": {"amount": float_minor, "currency": currency}}
            )
        except Refused as refused:
            if refused.code != "session_already_open":
                raise
            return False
        return True

    async def set_availability(self, product_id: str, available: bool) -> None:
        """Say that a product has run out at the desk's location, or is there again."""
        await self.api.write(f"/products/{product_id}:set-availability", {"available": available})

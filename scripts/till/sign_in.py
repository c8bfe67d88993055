"""Who is signed in at this till: pairing, PIN, and tokens that are renewed in time."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from .answer import Answer, DeviceRevoked, SignedOut, Unanswered, refusal
from .connection import Connection
from .pause import Pause
from .store import Store

#: Renewed this long before the end, so that no request meets an expired token.
EARLY_S = 60.0
#: The server answers a repeated refresh for 30 s after the first; we stop a little earlier.
GRACE_S = 25.0
APP_VERSION = "reference-1"

#: Asks the person at the till; answers with the employee's id and PIN.
AskPin = Callable[[], Awaitable[tuple[str, str]]]


class SignIn:
    """Holds the device's key and the employee's tokens; all of it is in the store but the PIN."""

    def __init__(self, connection: Connection, store: Store, ask_pin: AskPin | None = None) -> None:
        self._connection = connection
        self._store = store
        self.ask_pin = ask_pin
        self._renewing = asyncio.Lock()

    @property
    def device(self) -> dict[str, Any] | None:
        """The paired device with its location, or None."""
        device: dict[str, Any] | None = self._store.recall("device")
        return device

    @property
    def session(self) -> dict[str, Any] | None:
        """The tokens, as answered, and when to renew them."""
        session: dict[str, Any] | None = self._store.recall("session")
        return session

    @session.setter
    def session(self, session: dict[str, Any] | None) -> None:
        self._store.keep(session=session)

    @property
    def employee(self) -> dict[str, Any] | None:
        """Who signed in last, or None."""
        return self.session["employee"] if self.session else None

    @property
    def employees(self) -> list[dict[str, Any]]:
        """Who may sign in here, as told at pairing."""
        return self._store.recall("employees") or []

    async def pair(self, code: str, name: str) -> list[dict[str, Any]]:
        """Redeem a pairing code; returns who may sign in here.

        The code is good for one use, so a lost answer needs a new code: it is not repeated.
        """
        body = {"code": code, "name": name, "platform": "Python", "app_version": APP_VERSION}
        answer = await self._connection.send("POST", "/devices/pair", text=json.dumps(body))
        if not answer.is_success:
            raise refusal(answer)
        told = answer.body
        with self._store.transaction():
            self._store.keep(
                device=told["device"], device_key=told["device_key"], employees=told["employees"], session=None
            )
        return self.employees

    async def enter_pin(self, employee_id: str, pin: str) -> dict[str, Any]:
        """Sign an employee in; the one before is signed in no more. Returns the tokens."""
        key = self._store.recall("device_key")
        body = {"employee_id": employee_id, "pin": pin, "app_version": APP_VERSION}
        return self._accept(await self._persistently("/auth/pin", body, {"Authorization": f"Device {key}"}))

    async def token(self) -> str:
        """An access token that will last for the request."""
        session = self.session
        if session and session["renew_at"] > time.time():
            return str(session["access_token"])
        return await self.renew(session["access_token"] if session else "")

    async def renew(self, rejected: str) -> str:
        """A token other than ``rejected``; however many requests ask at once, one refresh is sent."""
        async with self._renewing:
            session = self.session
            if session and session["access_token"] != rejected:
                return str(session["access_token"])
            try:
                body = await self._refresh(session)
            except SignedOut:
                body = await self._sign_in_again()
            return str(body["access_token"])

    async def _refresh(self, session: dict[str, Any] | None) -> dict[str, Any]:
        if not session:
            raise SignedOut(Answer(401, {}, {"code": "token_missing", "detail": "Nobody is signed in."}))
        body = {"refresh_token": session["refresh_token"], "app_version": APP_VERSION}
        return self._accept(await self._persistently("/auth/refresh", body, {}))

    async def _sign_in_again(self) -> dict[str, Any]:
        if self.ask_pin is None:
            raise SignedOut(Answer(401, {}, {"code": "token_invalid", "detail": "Sign in with the PIN."}))
        return await self.enter_pin(*await self.ask_pin())

    async def _persistently(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> Answer:
        """Repeat until answered; a refresh whose answer was lost is answered again within the grace."""
        pause, give_up_at = Pause(), time.monotonic() + GRACE_S
        while True:
            wanted_s = 0.0
            try:
                answer = await self._connection.send("POST", path, headers=headers, text=json.dumps(body))
                if answer.is_final:
                    return answer
                wanted_s, reason = answer.retry_after_s, answer.code
            except Unanswered as error:
                reason = str(error)
            if time.monotonic() > give_up_at:
                raise Unanswered(f"POST {path}: {reason}")
            await pause.wait(wanted_s)

    def _accept(self, answer: Answer) -> dict[str, Any]:
        if not answer.is_success:
            problem = refusal(answer)
            if isinstance(problem, SignedOut | DeviceRevoked):
                self.session = None
            if isinstance(problem, DeviceRevoked):
                self._store.keep(device_key=None)
            raise problem
        renew_in_s = max(answer.body["expires_in"] - EARLY_S, answer.body["expires_in"] / 2)
        self.session = {**answer.body, "renew_at": time.time() + renew_in_s}
        return answer.body

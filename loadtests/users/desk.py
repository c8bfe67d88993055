"""What all simulated people share: signing in at a till, and reading and writing through the API."""

from typing import Any

from locust import FastHttpUser

from loadtests.users.rising import Arrivals
from loadtests.users.scene import Scene
from scripts.till.identifiers import uuid7

SIGN_IN = "sign in"


class DeskUser(FastHttpUser):
    """Somebody at one of the scene's tills."""

    abstract = True

    def on_start(self) -> None:
        """Takes the next till and signs in; there are no more users than tills."""
        self._till = Scene.next_till()
        self.dishes = Scene.facts()["dishes"]
        self.sign_in()
        Arrivals.count += 1

    def sign_in(self) -> None:
        """By PIN, or by password where the till's employee has one."""
        key = {"Authorization": f"Device {self._till['device_key']}"}
        if self._till.get("password"):
            body = {"email": self._till["email"], "password": self._till["password"]}
            path, name = "/api/v1/auth/login", f"{SIGN_IN} by password"
        else:
            body = {"employee_id": self._till["employee_id"], "pin": Scene.facts()["pin"]}
            path, name = "/api/v1/auth/pin", f"{SIGN_IN} by PIN"
        with self.client.post(path, json=body, headers=key, name=name) as answer:
            self._token = answer.json()["access_token"] if answer.status_code == 200 else ""

    def read(self, path: str, name: str, **headers: str) -> Any:
        """The answer of a GET; 304 is none that failed."""
        signed = self._signed({"Accept-Encoding": "gzip", **headers})
        with self.client.get(f"/api/v1{path}", headers=signed, name=name, catch_response=True) as answer:
            if answer.status_code in {200, 304}:
                answer.success()
            return answer

    def write(self, path: str, body: dict[str, Any], name: str) -> dict[str, Any]:
        """The answer's body; empty when it was refused, which counts as a failure."""
        headers = self._signed({"Idempotency-Key": uuid7()})
        with self.client.post(f"/api/v1{path}", json=body, headers=headers, name=name) as answer:
            return dict(answer.json()) if answer.status_code in {200, 201} else {}

    def _signed(self, headers: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}", **headers}

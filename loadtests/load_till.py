"""A till without memory or patience: signs in by PIN, sells and reads, and hands every reply back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from loadtests.exchange import Reply, exchange, expect
from scripts.till.identifiers import uuid7

#: Dish and quantity.
Wish = tuple[Mapping[str, Any], int]


class LoadTill:
    """One paired device with its employee signed in."""

    def __init__(self, url: str, credentials: Mapping[str, str], pin: str) -> None:
        self._url = url
        self.device_id = credentials["device_id"]
        self.employee_id = credentials["employee_id"]
        body = {"employee_id": credentials["employee_id"], "pin": pin}
        key = {"Authorization": f"Device {credentials['device_key']}"}
        answer = expect(exchange(url, "POST", "/api/v1/auth/pin", headers=key, body=body), 200).body
        self.token = str(answer["access_token"])

    def read(self, path: str, **headers: str) -> Reply:
        """GET; gzip is welcome, as it is to a real till."""
        return self._send("GET", path, None, {"Accept-Encoding": "gzip", **headers})

    def write(self, path: str, body: object = None, key: str | None = None) -> Reply:
        """POST under an Idempotency-Key, a new one unless given."""
        return self._send("POST", path, {} if body is None else body, {"Idempotency-Key": key or uuid7()})

    def patch(self, path: str, body: object, **headers: str) -> Reply:
        """PATCH under an Idempotency-Key of its own."""
        return self._send("PATCH", path, body, {"Idempotency-Key": uuid7(), **headers})

    def delete(self, path: str) -> Reply:
        """DELETE under an Idempotency-Key of its own."""
        return self._send("DELETE", path, None, {"Idempotency-Key": uuid7()})

    def create_order(self, wishes: Sequence[Wish], key: str | None = None) -> Reply:
        return self.write("/orders", order_of(wishes), key)

    def add_lines(self, order: Mapping[str, Any], wishes: Sequence[Wish]) -> Reply:
        """One operation a line, in one request."""
        return self.edit(order, [{"type": "add_line", "line": line} for line in lines_of(wishes)])

    def change_quantity(self, order: Mapping[str, Any], line_id: str, delta: int) -> Reply:
        """So many more of a line, or fewer."""
        return self.edit(order, [{"type": "change_quantity", "line_id": line_id, "delta": str(delta)}])

    def edit(self, order: Mapping[str, Any], edits: Iterable[Mapping[str, Any]]) -> Reply:
        """A batch of operations on top of the order as this till knows it."""
        operations = [{"op_id": uuid7(), **edit} for edit in edits]
        return self.write(
            f"/orders/{order['id']}/operations", {"base_version": order["version"], "operations": operations}
        )

    def pay_cash(self, order_id: str, amount: Mapping[str, Any], *, complete: bool = True) -> Reply:
        """Takes exactly what is due."""
        wish = {"id": uuid7(), "method": "cash", "amount": amount, "tendered": amount, "complete": complete}
        return self.write(f"/orders/{order_id}/payments", wish)

    def complete(self, order_id: str) -> Reply:
        return self.write(f"/orders/{order_id}:complete")

    def ensure_session(self) -> None:
        """Opens the location's drawer unless it is open."""
        if self.read("/till-sessions/current").status == 200:
            return
        wish = {"id": uuid7(), "float": {"amount": 10_000, "currency": "GBP"}}
        expect(self.write("/till-sessions", wish), 201)

    def _send(self, method: str, path: str, body: object, headers: Mapping[str, str]) -> Reply:
        signed = {"Authorization": f"Bearer {self.token}", **headers}
        return exchange(self._url, method, f"/api/v1{path}", headers=signed, body=body)


def order_of(wishes: Iterable[Wish]) -> dict[str, Any]:
    """The body of ``POST /orders``."""
    return {"id": uuid7(), "lines": lines_of(wishes)}


def lines_of(wishes: Iterable[Wish]) -> list[dict[str, Any]]:
    """Lines as they are ordered: the server knows the price."""
    return [{"id": uuid7(), "variant_id": dish["variant_id"], "quantity": str(quantity)} for dish, quantity in wishes]


def sign_in(url: str, location: Mapping[str, Any]) -> list[LoadTill]:
    """All tills of a scene, the drawer open."""
    tills = [LoadTill(url, credentials, location["pin"]) for credentials in location["tills"]]
    tills[0].ensure_session()
    return tills

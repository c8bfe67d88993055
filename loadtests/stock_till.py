"""Stock Odoo's web till as its server sees it: a session cookie, ``sync_from_ui`` and ``load_data``."""

import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

from loadtests.exchange import Reply, Unexpected, exchange, expect
from loadtests.load_till import Wish
from scripts.till.identifiers import uuid7


class StockTill:
    """A cashier signed in to the back office, on an open session of a stock point of sale."""

    def __init__(self, url: str, database: str, desk: Mapping[str, Any]) -> None:
        self._url = url
        self._desk = desk
        sign_in = {"db": database, "login": desk["login"], "password": desk["password"]}
        reply = expect(exchange(url, "POST", "/web/session/authenticate", body=_rpc(sign_in)), 200)
        _result(reply)
        self._cookie = reply.headers["Set-Cookie"].partition(";")[0]

    def create_draft(self, wishes: Sequence[Wish]) -> Reply:
        """A new order as the web till sends it when a table is left."""
        return self._call("pos.order", "sync_from_ui", [[self._order(wishes)]])

    def add_lines(self, draft: Mapping[str, Any], wishes: Sequence[Wish], more: Sequence[Wish]) -> Reply:
        """The draft again with further lines; the web till sends none that has not changed."""
        order = self._order([*wishes, *more])
        return self._update(draft, {**order, "lines": order["lines"][len(wishes) :]})

    def change_quantity(self, draft: Mapping[str, Any], wishes: Sequence[Wish], more: int) -> Reply:
        """The draft again with so many more of its first line, the only one that the web till sends."""
        (dish, quantity), *others = wishes
        order = self._order([(dish, quantity + more), *others])
        changed = {**_line(dish, quantity + more), "uuid": self.line_of(draft)["uuid"]}
        return self._update(draft, {**order, "lines": [[1, self.line_of(draft)["id"], changed]]})

    def pay(self, draft: Mapping[str, Any], wishes: Sequence[Wish]) -> Reply:
        """The draft again, paid in cash: the web till sends no line that has not changed."""
        order = self._order(wishes)
        payment = {
            "uuid": uuid7(),
            "name": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()),
            "amount": order["amount_total"],
            "payment_method_id": self._desk["payment_method_id"],
        }
        paid = {"state": "paid", "amount_paid": order["amount_total"], "lines": [], "payment_ids": [[0, 0, payment]]}
        return self._update(draft, {**order, **paid})

    def load_data(self) -> Reply:
        """Everything the web till reads when it opens."""
        return self._call("pos.session", "load_data", [[self._desk["session_id"]], []])

    def load_menu(self) -> Reply:
        """Only the models of which a menu is made, so that the comparison is not with more than a menu."""
        return self._call("pos.session", "load_data", [[self._desk["session_id"]], list(MENU_MODELS)])

    def order_in(self, reply: Reply) -> dict[str, Any]:
        """The order that ``create_draft`` or ``pay`` answered with."""
        answer = _result(reply)
        return {**answer["pos.order"][0], "its_lines": answer["pos.order.line"]}

    def line_of(self, draft: Mapping[str, Any]) -> dict[str, Any]:
        """The draft's first line."""
        return dict(draft["its_lines"][0])

    def _update(self, draft: Mapping[str, Any], order: Mapping[str, Any]) -> Reply:
        known = {key: draft[key] for key in ("uuid", "access_token", "pos_reference", "sequence_number")}
        return self._call("pos.order", "sync_from_ui", [[{**order, **known, "id": draft["id"]}]])

    def _order(self, wishes: Sequence[Wish]) -> dict[str, Any]:
        total = sum(dish["price_subtotal_incl"] * quantity for dish, quantity in wishes)
        net = sum(dish["price_subtotal"] * quantity for dish, quantity in wishes)
        return {
            "uuid": uuid7(),
            "access_token": uuid7(),
            "name": "/",
            "state": "draft",
            "session_id": self._desk["session_id"],
            "company_id": self._desk["company_id"],
            "user_id": self._desk["user_id"],
            "pricelist_id": self._desk["pricelist_id"],
            "fiscal_position_id": False,
            "partner_id": False,
            "to_invoice": False,
            "date_order": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()),
            "sequence_number": random.randrange(1, 1_000_000),
            "pos_reference": f"{random.randrange(10**5):05d}-001-{random.randrange(10**6):06d}",
            "amount_total": round(total, 2),
            "amount_tax": round(total - net, 2),
            "amount_paid": 0,
            "amount_return": 0,
            "last_order_preparation_change": "{}",
            "lines": [[0, 0, _line(dish, quantity)] for dish, quantity in wishes],
            "payment_ids": [],
        }

    def _call(self, model: str, method: str, arguments: list[Any]) -> Reply:
        context = {"lang": "en_US", "tz": "Europe/London", "allowed_company_ids": [self._desk["company_id"]]}
        params = {"model": model, "method": method, "args": arguments, "kwargs": {"context": context}}
        path = f"/web/dataset/call_kw/{model}/{method}"
        return exchange(self._url, "POST", path, headers={"Cookie": self._cookie}, body=_rpc(params))


MENU_MODELS = (
    "pos.config",
    "pos.preset",
    "product.template",
    "product.product",
    "product.attribute",
    "product.template.attribute.line",
    "product.template.attribute.value",
    "product.combo",
    "product.combo.item",
    "product.tag",
    "pos.category",
    "product.pricelist",
    "product.pricelist.item",
    "product.category",
    "account.tax",
    "account.tax.group",
    "account.fiscal.position",
    "res.currency",
    "restaurant.floor",
    "restaurant.table",
)


def check(reply: Reply) -> Reply:
    """The reply, unless stock refused."""
    _result(expect(reply, 200))
    return reply


def _line(dish: Mapping[str, Any], quantity: int) -> dict[str, Any]:
    return {
        "uuid": uuid7(),
        "product_id": dish["product_id"],
        "full_product_name": dish["name"],
        "qty": quantity,
        "price_unit": dish["price_unit"],
        "discount": 0,
        "price_extra": 0,
        "price_type": "original",
        "price_subtotal": dish["price_subtotal"] * quantity,
        "price_subtotal_incl": dish["price_subtotal_incl"] * quantity,
        "tax_ids": [[6, 0, dish["tax_ids"]]],
        "pack_lot_ids": [],
    }


def _rpc(params: Mapping[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "call", "params": params}


def _result(reply: Reply) -> Any:
    body = reply.body
    if "error" in body:
        raise Unexpected(str(body["error"]["data"].get("debug", body["error"]))[-1500:])
    return body["result"]

"""Tables and bills over HTTP: who may do what, repeated requests, versions, and bodies that make no sense."""

from odoo.tests import tagged

from ..controllers.order_shapes import OrderView
from ..controllers.table_shapes import SplitView, TableStatusListView, TableStatusView
from ..tools.identifiers import uuid7
from .test_kitchen_api import KitchenApiCase


@tagged("post_install", "-at_install")
class TestTablesApi(KitchenApiCase):
    def setUp(self):
        super().setUp()
        self.other_table = self.table.copy({"table_number": 8})
        self.stranger = self.sign_in("server", self.other_location)

    def path(self, verb=""):
        return f"/tables/{self.table.fynlo_uuid}{verb}"

    def quartet(self, method, path, body, view, *, wrong_role=True):
        """No token, wrong role, other location, right role; the last answer."""
        self.assertProblem(self.api(method, path, body), "token_missing", 401)
        if wrong_role:
            self.assertProblem(self.api(method, path, body, token=self.cook), "permission_denied", 403)
        self.assertProblem(self.api(method, path, body, token=self.stranger), "not_found", 404)
        answer = self.api(method, path, body, token=self.server)
        self.assertEqual(answer.status_code, 200, answer.text)
        view.model_validate_json(answer.content)
        return answer.json()

    def order(self, *lines, **values):
        lines = lines or [self.line(self.menu.pizza), self.line(self.menu.cola, "2", seat=2)]
        body = self.order_body(*lines, table_id=self.table.fynlo_uuid, **values)
        return self.api("POST", "/orders", body, token=self.server).json()

    # --- tables --------------------------------------------------------------------------

    def test_status(self):
        self.order()
        self.assertProblem(self.api("GET", "/tables/status"), "token_missing", 401)
        self.assertProblem(self.api("GET", "/tables/status", token=self.cook), "permission_denied", 403)
        elsewhere = self.api("GET", "/tables/status", token=self.stranger).json()["items"]
        answer = self.api("GET", "/tables/status", token=self.server)
        TableStatusListView.model_validate_json(answer.content)
        states = {item["name"]: item["state"] for item in answer.json()["items"]}
        self.assertEqual(states, {"7": "ordered", "8": "free"})
        self.assertFalse({item["id"] for item in answer.json()["items"]} & {item["id"] for item in elsewhere})

    def test_seat_and_clear(self):
        seated = self.quartet("PATCH", self.path(), {"state": "seated", "guests": 2}, TableStatusView)
        self.assertEqual((seated["state"], seated["guests"]), ("seated", 2))
        stale = self.api("PATCH", self.path(), {"guests": 3}, token=self.server, headers={"If-Match": '"v1"'})
        self.assertProblem(stale, "version_conflict", 409)
        self.assertProblem(
            self.api("PATCH", self.path(), {"state": "seated"}, token=self.server), "illegal_transition", 409
        )
        self.assertEqual(self.api("PATCH", self.path(), {"state": "free"}, token=self.server).json()["state"], "free")

    def test_join_unjoin_and_move(self):
        other = self.other_table.fynlo_uuid
        joined = self.quartet("POST", self.path(":join"), {"table_ids": [other]}, TableStatusView)
        self.assertEqual([table["id"] for table in joined["joined"]], [other])
        self.quartet("POST", self.path(":unjoin"), {}, TableStatusView)
        self.order()
        moved = self.quartet("POST", self.path(":move"), {"to_table_id": other}, TableStatusView)
        self.assertEqual((moved["name"], moved["state"]), ("8", "ordered"))

    def test_bodies_that_make_no_sense(self):
        for path, body in [
            (self.path(":join"), {"table_ids": []}),
            (self.path(":join"), {"table_ids": ["7"]}),
            (self.path(":move"), {}),
        ]:
            self.assertProblem(self.api("POST", path, body, token=self.server), "validation_failed", 422)
        for body in ({}, {"state": "burning"}, {"guests": -1}, {"guests": "2"}, {"state": "seated", "due": 0}):
            self.assertProblem(self.api("PATCH", self.path(), body, token=self.server), "validation_failed", 422)

    # --- bills ---------------------------------------------------------------------------

    def test_split(self):
        order = self.order()
        path = f"/orders/{order['id']}:split"
        body = {"by": "item", "orders": [{"id": uuid7(), "lines": [{"line_id": order["lines"][0]["id"]}]}]}
        split = self.quartet("POST", path, body, SplitView)
        again = self.api("POST", path, body, token=self.server)
        self.assertEqual(again.json(), split)
        self.assertEqual(split["orders"][0]["totals"]["total"], self.gbp(1000))

    def test_a_split_is_repeated_under_its_key(self):
        order, key = self.order(), uuid7()
        body = {"by": "seat", "orders": [{"id": uuid7(), "seats": [2]}]}
        answers = [
            self.api("POST", f"/orders/{order['id']}:split", body, token=self.server, key=key) for _turn in range(2)
        ]
        self.assertEqual(answers[0].json(), answers[1].json())
        self.assertEqual(answers[1].headers["Idempotent-Replayed"], "true")

    def test_splits_that_make_no_sense(self):
        order = self.order()
        part = {"id": uuid7(), "lines": [{"line_id": order["lines"][1]["id"], "quantity": "1"}]}
        for body in (
            {},
            {"by": "magic"},
            {"by": "item", "orders": []},
            {"by": "item", "orders": [part, part]},
            {"by": "item", "orders": [{**part, "lines": []}]},
            {"by": "item", "orders": [{**part, "total": self.gbp(1)}]},
            {"by": "seat", "orders": [{"id": uuid7(), "seats": [0]}]},
            {"by": "even", "share_ids": [part["id"], part["id"]]},
            {"by": "even", "share_ids": [part["id"]]},
            {
                "by": "amount",
                "shares": [{"id": uuid7(), "amount": {"amount": 500, "currency": "USD"}}, {"id": uuid7()}],
            },
        ):
            with self.subTest(body=body):
                refused = self.api("POST", f"/orders/{order['id']}:split", body, token=self.server)
                self.assertProblem(refused, "validation_failed", 422)
        wrong = {"by": "item", "orders": [{**part, "lines": [{"line_id": part["id"], "quantity": 1}]}]}
        refused = self.api("POST", f"/orders/{order['id']}:split", wrong, token=self.server)
        self.assertProblem(refused, "invalid_quantity", 422)
        self.assertEqual(self.api("GET", f"/orders/{order['id']}", token=self.server).json(), order)

    def test_merge(self):
        first, second = self.order(), self.order()
        merged = self.quartet("POST", f"/orders/{first['id']}:merge", {"order_ids": [second["id"]]}, OrderView)
        self.assertEqual(len(merged["lines"]), 4)
        twice = {"order_ids": [second["id"], second["id"]]}
        refused = self.api("POST", f"/orders/{first['id']}:merge", twice, token=self.server)
        self.assertProblem(refused, "validation_failed", 422)

    def test_orders_of_other_locations_are_not_merged(self):
        body = self.order_body(self.line(self.menu.pizza))
        first = self.order()
        refused = self.api("POST", f"/orders/{first['id']}:merge", {"order_ids": [body["id"]]}, token=self.server)
        self.assertProblem(refused, "not_found", 404)

    def test_transfer(self):
        order = self.order()
        server = self.cashier.fynlo_uuid
        handed = self.quartet("POST", f"/orders/{order['id']}:transfer", {"server_id": server}, OrderView)
        self.assertEqual(handed["server"]["id"], server)
        for body, code in (
            ({}, "validation_failed"),
            ({"server_id": uuid7()}, "unknown_item"),
            ({"table_id": uuid7()}, "unknown_item"),
        ):
            refused = self.api("POST", f"/orders/{order['id']}:transfer", body, token=self.server)
            self.assertProblem(refused, code, 422)
        self.env["fynlo.order.service"]._cancel(self.identity(self.cashier), order["id"], "left")
        closed = self.api("POST", f"/orders/{order['id']}:transfer", {"server_id": server}, token=self.server)
        self.assertProblem(closed, "order_closed", 409)

    def test_tabs_are_listed(self):
        body = self.order_body(self.line(self.menu.cola), tab_name="Zoë 🍸 شريط")
        tab = self.api("POST", "/orders", body, token=self.server).json()
        self.order()
        listed = self.api("GET", "/orders?tab=true", token=self.server).json()["items"]
        self.assertEqual([order["tab_name"] for order in listed], [tab["tab_name"]])
        for name in ("", "x" * 65, "a\nb\u0007"):
            refused = self.api("POST", "/orders", {**body, "id": uuid7(), "tab_name": name}, token=self.server)
            self.assertProblem(refused, "validation_failed", 422)

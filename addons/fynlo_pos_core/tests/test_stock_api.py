"""Stock over HTTP: who may read the numbers, and what a till is told when there are too few."""

from odoo.tests import tagged

from ..tools.identifiers import uuid7
from .common import ApiCase
from .shop import Shop


@tagged("post_install", "-at_install")
class TestStockApi(Shop, ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.till = cls.device
        del cls.device  # here it is the method of ApiCase
        cls._devices[cls.location.id] = (cls.till, cls.device_key)
        cls.other_location = cls.make_location("Kiosk", cls.company, payment_method_ids=[])

    def setUp(self):
        super().setUp()
        self.open_till()
        self.token = self.sign_in("server")

    def identity(self, employee=None, device=None):
        return super().identity(employee, device or self.till)

    def count(self, portions, *, role="kitchen", thing=None, **values):
        thing = thing or self.menu.pizza
        body = {"available": True, "countdown": portions, "variant_id": thing.fynlo_uuid, **values}
        path = f"/products/{thing.product_tmpl_id.fynlo_uuid}:set-availability"
        return self.api("POST", path, body, token=self.sign_in(role))

    def left(self, **options):
        answer = self.api("GET", "/menu/stock", token=self.token, **options)
        self.assertEqual(answer.status_code, 200, answer.text)
        return {row["variant_id"]: row["stock"] for row in answer.json()["items"]}

    # --- who -----------------------------------------------------------------------------

    def test_not_without_a_token(self):
        self.assertProblem(self.api("GET", "/menu/stock"), "token_missing", 401)

    def test_everybody_at_a_till_reads_it(self):
        self.assertEqual(self.count(7).status_code, 200)
        for role in ("kitchen", "server", "manager"):
            with self.subTest(role):
                answer = self.api("GET", "/menu/stock", token=self.sign_in(role))
                self.assertEqual([row["stock"] for row in answer.json()["items"]], [7])

    def test_not_of_a_location_where_one_does_not_work(self):
        _company, foreign = self.make_company("Elsewhere", chart=None)
        for place in (self.other_location.fynlo_uuid, foreign.fynlo_uuid, uuid7()):
            with self.subTest(place):
                answer = self.api("GET", f"/menu/stock?location_id={place}", token=self.token)
                self.assertProblem(answer, "not_found", 404)

    def test_a_count_is_of_one_location(self):
        self.count(7)
        token = self.sign_in("server", self.other_location)
        self.assertEqual(self.api("GET", "/menu/stock", token=token).json()["items"], [])

    # --- what ----------------------------------------------------------------------------

    def test_the_last_portion(self):
        self.count(1)
        body = self.order_body(self.line(self.menu.pizza))
        key = uuid7()
        for replayed in (None, "true"):
            answer = self.api("POST", "/orders", body, token=self.token, key=key)
            self.assertEqual((answer.status_code, answer.headers.get("Idempotent-Replayed")), (201, replayed))
        self.assertEqual(self.left()[self.menu.pizza.fynlo_uuid], 0)
        answer = self.api("POST", "/orders", self.order_body(self.line(self.menu.pizza)), token=self.token)
        self.assertProblem(answer, "item_unavailable", 422)

    def test_too_few_names_the_thing_and_what_is_left(self):
        self.count(2)
        answer = self.api("POST", "/orders", self.order_body(self.line(self.menu.pizza, "3")), token=self.token)
        problem = self.assertProblem(answer, "item_unavailable", 422)
        self.assertEqual((problem["left"], problem["variant_id"]), (2, self.menu.pizza.fynlo_uuid))
        self.assertEqual(self.left()[self.menu.pizza.fynlo_uuid], 2)

    def test_bad_counts(self):
        for portions in (-1, 100_001, "three", 1.5):
            with self.subTest(portions):
                self.assertProblem(self.count(portions), "validation_failed", 422)
        self.assertEqual(self.left(), {})

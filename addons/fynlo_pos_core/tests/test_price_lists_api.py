"""Price lists over HTTP: who may keep them, what an order then costs, and lists that make no sense."""

from odoo import Command
from odoo.tests import tagged

from ..controllers.catalogue.entry_shapes import CataloguePriceListView, PriceListPage
from ..models.catalogue.price_window import DAYS
from ..tools.identifiers import uuid7
from .common import ApiCase
from .shop import Shop


class PriceListCase(Shop, ApiCase):
    """A shop over HTTP with one price list that nobody uses yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.till = cls.device
        del cls.device  # here it is the method of ApiCase
        cls._devices[cls.location.id] = (cls.till, cls.device_key)

    def setUp(self):
        super().setUp()
        self.open_till()
        self.token = self.sign_in("manager")
        self.cheap = self.added(name="Cheap", items=[self.fixed(800, variant_id=self.menu.pizza.fynlo_uuid)])
        self.url = f"/price-lists/{self.cheap['id']}"

    def identity(self, employee=None, device=None):
        return super().identity(employee, device or self.till)

    def fixed(self, minor, **about):
        return {**about, "price": self.gbp(minor)}

    def added(self, **new):
        answer = self.api("POST", "/price-lists", new, token=self.token)
        self.assertEqual(answer.status_code, 201, answer.text)
        CataloguePriceListView.model_validate_json(answer.content)
        return answer.json()

    def changed(self, url=None, **change):
        answer = self.api("PATCH", url or self.url, change, token=self.token)
        self.assertEqual(answer.status_code, 200, answer.text)
        CataloguePriceListView.model_validate_json(answer.content)
        return answer.json()

    def cost(self, variant, **values):
        """What a till is told that one of it costs now."""
        answer = self.api("POST", "/orders:calculate", self.order_body(self.line(variant), **values), token=self.token)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()["totals"]["total"]["amount"]

    def refused(self, change, field, code):
        problem = self.assertProblem(self.api("PATCH", self.url, change, token=self.token), "validation_failed", 422)
        self.assertEqual([(error["field"], error["code"]) for error in problem["errors"]], [(field, code)])


@tagged("post_install", "-at_install")
class TestPriceListAccess(PriceListCase):
    def calls(self):
        return (
            ("GET", "/price-lists", None),
            ("POST", "/price-lists", {"name": "Free"}),
            ("GET", self.url, None),
            ("PATCH", self.url, {"name": "Free"}),
            ("DELETE", self.url, None),
        )

    def test_no_token_and_nobody_below_a_manager(self):
        supervisor = self.sign_in("supervisor")
        for method, url, body in self.calls():
            with self.subTest(f"{method} {url}"):
                self.assertProblem(self.api(method, url, body), "token_missing", 401)
                self.assertProblem(self.api(method, url, body, token=supervisor), "permission_denied", 403)
        self.assertEqual(self.api("GET", self.url, token=self.token).json(), self.cheap)

    def test_nobody_of_another_company(self):
        _company, foreign = self.make_company("Elsewhere", chart=None)
        stranger = self.sign_in("manager", foreign)
        for method, url, body in self.calls()[2:]:
            with self.subTest(method):
                self.assertProblem(self.api(method, url, body, token=stranger), "not_found", 404)
        theirs = self.api("GET", "/price-lists?limit=500", token=stranger).json()["items"]
        self.assertNotIn(self.cheap["id"], {one["id"] for one in theirs})

    def test_add_list_page_by_page_change_and_archive(self):
        self.assertEqual((self.cheap["currency"], self.cheap["other_items"], self.cheap["active"]), ("GBP", 0, True))
        self.added(name="Cheaper")
        answer = self.api("GET", "/price-lists?search=Cheap&limit=1", token=self.token)
        PriceListPage.model_validate_json(answer.content)
        self.assertEqual(answer.json()["items"], [self.cheap])
        rest = f"/price-lists?search=Cheap&limit=1&cursor={answer.json()['next_cursor']}"
        self.assertEqual([one["name"] for one in self.api("GET", rest, token=self.token).json()["items"]], ["Cheaper"])
        before = {"If-Match": f'"v{self.cheap["version"]}"'}
        change = {"items": [{**self.cheap["items"][0], "price": self.gbp(700)}]}
        self.assertEqual(self.api("PATCH", self.url, change, token=self.token, headers=before).status_code, 200)
        stale = self.api("PATCH", self.url, {"name": "Late"}, token=self.token, headers=before)
        self.assertEqual(self.assertProblem(stale, "version_conflict", 409)["current"]["items"], change["items"])
        self.assertEqual(self.api("DELETE", self.url, token=self.token).json(), {})
        self.assertFalse(self.api("GET", self.url, token=self.token).json()["active"])

    def test_a_shared_list_is_for_the_back_office(self):
        shared = self.env["product.pricelist"].create({"name": "All", "company_id": False})
        url = f"/price-lists/{shared.fynlo_uuid}"
        self.assertEqual(self.api("GET", url, token=self.token).json()["name"], "All")
        answer = self.api("PATCH", url, {"name": "Mine"}, token=self.token)
        self.assertProblem(answer, "permission_denied", 403)

    def test_the_queries_of_a_page_do_not_grow_with_it(self):
        for place in range(3):
            self.added(name=f"Grow {place}", items=[self.fixed(500, product_id=self.pizza_id)])
        path = "/price-lists?search=Grow&limit="
        counts = []
        for limit in (1, 3):
            self.api("GET", f"{path}{limit}", token=self.token)
            before = self.env.cr.sql_log_count
            self.api("GET", f"{path}{limit}", token=self.token)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertGreater(counts[0], 0)
        self.assertEqual(counts[0], counts[1])

    @property
    def pizza_id(self):
        return self.menu.pizza.product_tmpl_id.fynlo_uuid


@tagged("post_install", "-at_install")
class TestPriceListPrices(PriceListCase):
    """Every change shows in the very next request of a till."""

    def setUp(self):
        super().setUp()
        self.assertEqual((self.cost(self.menu.pizza), self.cost(self.menu.cola)), (1000, 300))

    def test_the_prices_of_a_location(self):
        self.assertEqual(
            self.changed(location_ids=[self.location.fynlo_uuid])["location_ids"], [self.location.fynlo_uuid]
        )
        self.assertEqual((self.cost(self.menu.pizza), self.cost(self.menu.cola)), (800, 300))
        products = self.api("GET", "/menu", token=self.token).json()["products"]
        prices = {one["id"]: one["price"] for product in products for one in product["variants"]}
        self.assertEqual(prices[self.menu.pizza.fynlo_uuid], self.gbp(800))
        self.changed(items=[{**self.cheap["items"][0], "price": self.gbp(750)}])
        self.assertEqual(self.cost(self.menu.pizza), 750)
        other = self.added(name="Dear", items=[self.fixed(2000, variant_id=self.menu.pizza.fynlo_uuid)])
        self.changed(f"/price-lists/{other['id']}", location_ids=[self.location.fynlo_uuid])
        self.assertEqual(self.cost(self.menu.pizza), 2000)
        self.assertEqual(self.api("GET", self.url, token=self.token).json()["location_ids"], [])
        self.changed(f"/price-lists/{other['id']}", location_ids=[])
        self.assertEqual(self.cost(self.menu.pizza), 1000)

    def test_the_prices_of_a_preset(self):
        self.assertEqual(self.changed(preset_ids=[self.takeaway.fynlo_uuid])["preset_ids"], [self.takeaway.fynlo_uuid])
        self.assertEqual(self.cost(self.menu.pizza), 1000)
        self.assertEqual(self.cost(self.menu.pizza, preset_id=self.takeaway.fynlo_uuid), 800)
        self.changed(preset_ids=[])
        self.assertEqual(self.cost(self.menu.pizza, preset_id=self.takeaway.fynlo_uuid), 1000)

    def test_a_preset_does_not_bring_the_prices_of_another_company(self):
        company, _foreign = self.make_company("Elsewhere", chart=None)
        listed = self.env["product.pricelist"]._by_uuid(self.cheap["id"])
        self.changed(preset_ids=[self.takeaway.fynlo_uuid])
        listed.item_ids.product_tmpl_id.company_id = False
        listed.company_id = company
        self.assertEqual(self.cost(self.menu.pizza, preset_id=self.takeaway.fynlo_uuid), 1000)

    def test_windows(self):
        always = {"days": list(DAYS), "start": "00:00", "end": "00:00"}
        window = self.changed(windows=[always])["windows"][0]
        self.assertEqual(window, {**always, "id": window["id"], "location_ids": []})
        self.assertEqual(self.cost(self.menu.pizza), 800)
        night = {**window, "days": ["friday"], "start": "22:00", "end": "02:30"}
        elsewhere = self.make_location("Pier", self.company, payment_method_ids=[])
        there = {**always, "location_ids": [elsewhere.fynlo_uuid]}
        windows = self.changed(windows=[night, there])["windows"]
        self.assertEqual(windows[0], night)
        self.assertEqual(windows[1]["location_ids"], there["location_ids"])
        records = self.env["fynlo.price.window"].search([("company_id", "=", self.company.id)], order="id")
        self.assertEqual(records[0]._days(), {4})
        self.assertEqual((records[0].start_minute, records[0].end_minute), (22 * 60, 2 * 60 + 30))
        self.changed(windows=[{**there, "id": windows[1]["id"]}])
        self.assertEqual(self.cost(self.menu.pizza), 1000)
        version = self.api("GET", self.url, token=self.token).json()["version"]
        records.exists().write({"end_minute": 60})
        self.assertGreater(self.api("GET", self.url, token=self.token).json()["version"], version)
        self.assertEqual(self.changed(windows=[])["windows"], [])

    def test_the_nearest_price_counts(self):
        top, below = self.env["pos.category"].create([{"name": "Food"}, {"name": "Pizza"}])
        below.parent_id = top
        self.menu.pizza.product_tmpl_id.pos_categ_ids = below
        everything = {"percent_bp": 1000}
        category = {"category_id": top.fynlo_uuid, "percent_bp": 2550}
        product = self.fixed(600, product_id=self.menu.pizza.product_tmpl_id.fynlo_uuid)
        variant = self.fixed(500, variant_id=self.menu.pizza.fynlo_uuid)
        self.changed(location_ids=[self.location.fynlo_uuid])
        items = []
        for item, price in ((everything, 900), (category, 745), (product, 600), (variant, 500)):
            items = [*items, item]
            shown = self.changed(items=items)["items"]
            self.assertEqual({key: shown[-1][key] for key in item}, item)
            self.assertEqual((self.cost(self.menu.pizza), self.cost(self.menu.cola)), (price, 270))
        turned = {**shown[3], "variant_id": None, "price": None, "category_id": below.fynlo_uuid, "percent_bp": 5000}
        self.assertEqual(self.changed(items=[shown[0], turned])["items"][1], turned)
        self.assertEqual(self.cost(self.menu.pizza), 500)
        self.menu.pizza.product_tmpl_id.pos_categ_ids = False
        self.assertEqual(self.cost(self.menu.pizza), 900)

    def test_rules_of_the_back_office_stay(self):
        listed = self.env["product.pricelist"]._by_uuid(self.cheap["id"])
        many = {"applied_on": "3_global", "compute_price": "fixed", "fixed_price": 1, "min_quantity": 10}
        listed.item_ids = [Command.create(many)]
        changed = self.changed(items=[])
        self.assertEqual((changed["items"], changed["other_items"]), ([], 1))

    def test_a_list_in_use_stays(self):
        pizza, always = self.cheap["items"], [{"days": ["monday"], "start": "10:00", "end": "11:00"}]
        uses = {
            "location_ids": [self.location.fynlo_uuid],
            "preset_ids": [self.takeaway.fynlo_uuid],
            "windows": always,
        }
        for field, use in uses.items():
            with self.subTest(field):
                self.changed(**{field: use})
                self.assertProblem(self.api("DELETE", self.url, token=self.token), "price_list_in_use", 409)
                off = self.api("PATCH", self.url, {"active": False}, token=self.token)
                self.assertProblem(off, "price_list_in_use", 409)
                kept = self.changed(**{field: []})
                self.assertEqual((kept["active"], kept["items"]), (True, pizza))
        self.assertEqual(self.api("DELETE", self.url, token=self.token).status_code, 200)


@tagged("post_install", "-at_install")
class TestPriceListRefusals(PriceListCase):
    def test_items(self):
        unknown, pizza = uuid7(), {"variant_id": self.menu.pizza.fynlo_uuid}
        both = {**pizza, "product_id": self.menu.pizza.product_tmpl_id.fynlo_uuid}
        refusals = (
            ([pizza], "items[0]", "one_price"),
            ([{**self.fixed(1, **pizza), "percent_bp": 1}], "items[0]", "one_price"),
            ([self.fixed(1, **both)], "items[0]", "one_target"),
            ([self.fixed(1, **pizza), self.fixed(2, **pizza)], "items[1]", "duplicate"),
            ([self.fixed(1, variant_id=unknown)], "items[0].variant_id", "unknown_id"),
            ([self.fixed(1, product_id=unknown)], "items[0].product_id", "unknown_id"),
            ([self.fixed(1, category_id=unknown)], "items[0].category_id", "unknown_id"),
            ([self.fixed(1, id=unknown, **pizza)], "items[0].id", "unknown_id"),
            ([self.fixed(-1, **pizza)], "items[0].price.amount", "greater_than_equal"),
            ([{**pizza, "price": {"amount": 1, "currency": "XTS"}}], "items[0].price.currency", "currency_mismatch"),
            ([{**pizza, "percent_bp": 10_001}], "items[0].percent_bp", "less_than_equal"),
        )
        for items, field, code in refusals:
            with self.subTest(field, code=code):
                self.refused({"items": items}, field, code)
        self.assertEqual(self.api("GET", self.url, token=self.token).json(), self.cheap)

    def test_windows_locations_and_presets(self):
        company, foreign = self.make_company("Elsewhere", chart=None)
        window = {"days": ["monday"], "start": "10:00", "end": "11:00"}
        refusals = (
            ({"windows": [{**window, "end": "10:00"}]}, "windows[0].end", "empty_window"),
            ({"windows": [{**window, "start": "24:00"}]}, "windows[0].start", "string_pattern_mismatch"),
            ({"windows": [{**window, "days": []}]}, "windows[0].days", "too_short"),
            ({"windows": [{**window, "days": ["someday"]}]}, "windows[0].days[0]", "literal_error"),
            ({"windows": [{**window, "id": uuid7()}]}, "windows[0].id", "unknown_id"),
            (
                {"windows": [{**window, "location_ids": [foreign.fynlo_uuid]}]},
                "windows[0].location_ids[0]",
                "unknown_id",
            ),
            ({"location_ids": [self.location.fynlo_uuid, foreign.fynlo_uuid]}, "location_ids[1]", "unknown_id"),
            ({"preset_ids": [uuid7()]}, "preset_ids[0]", "unknown_id"),
        )
        for change, field, code in refusals:
            with self.subTest(field, code=code):
                self.refused(change, field, code)
        foreign.available_preset_ids = self.takeaway
        self.refused({"preset_ids": [self.takeaway.fynlo_uuid]}, "preset_ids", "shared")
        self.assertEqual(self.api("GET", self.url, token=self.token).json(), self.cheap)
        dish = self.env["product.template"].create({"name": "Theirs", "company_id": company.id})
        self.refused({"items": [self.fixed(1, product_id=dish.fynlo_uuid)]}, "items[0].product_id", "unknown_id")

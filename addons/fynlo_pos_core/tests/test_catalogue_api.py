"""The catalogue's entries over HTTP, as managers keep them."""

from odoo import Command
from odoo.tests import tagged

from ..controllers.catalogue import entry_shapes
from ..tools.identifiers import uuid7
from .common import ApiCase


def gbp(case, amount):
    return {"amount": amount, "currency": case.company.currency_id.name}


class CatalogueApiCase(ApiCase):
    def setUp(self):
        super().setUp()
        self.manager = self.sign_in("manager")

    def refused(self, response, field, code):
        """The request is refused because of one field."""
        problem = self.assertProblem(response, "validation_failed", 422)
        self.assertEqual([(error["field"], error["code"]) for error in problem["errors"]], [(field, code)])


@tagged("post_install", "-at_install")
class TestCatalogueEntries(CatalogueApiCase):
    """What holds for every kind of entry."""

    def kinds(self):
        """Path, model, a new entry, a change of it, the view of the answer."""
        return (
            (
                "/products",
                "product.template",
                {"name": "Calzone", "price": gbp(self, 1150)},
                {"name": "Calzone grande"},
                entry_shapes.CatalogueProductView,
            ),
            (
                "/categories",
                "pos.category",
                {"name": "Pasta", "colour": "#F06050", "position": 3},
                {"name": "Pasta and rice"},
                entry_shapes.CatalogueCategoryView,
            ),
            (
                "/modifier-groups",
                "fynlo.modifier.group",
                {"name": "Dips", "max": 2, "modifiers": [{"name": "Garlic", "price": gbp(self, 75)}]},
                {"min": 1},
                entry_shapes.CatalogueModifierGroupView,
            ),
            (
                "/discounts",
                "fynlo.discount",
                {"name": "Friends", "kind": "percent", "value_bp": 1500},
                {"value_bp": 2000},
                entry_shapes.CatalogueDiscountView,
            ),
            (
                "/price-lists",
                "product.pricelist",
                {"name": "Afternoon", "items": [{"percent_bp": 1500}]},
                {"name": "Late afternoon"},
                entry_shapes.CataloguePriceListView,
            ),
        )

    def test_add_show_change_list_and_archive(self):
        for path, model, new, change, view in self.kinds():
            with self.subTest(path):
                added = self.api("POST", path, new, token=self.manager)
                self.assertEqual(added.status_code, 201, added.text)
                view.model_validate_json(added.content)
                entry = added.json()
                record = self.env[model].with_context(active_test=False)._by_uuid(entry["id"])
                self.assertEqual(record[record._company_field], self.company)
                shown = self.api("GET", f"{path}/{entry['id']}", token=self.manager)
                self.assertEqual(shown.json(), entry)
                changed = self.api("PATCH", f"{path}/{entry['id']}", change, token=self.manager)
                self.assertEqual(changed.status_code, 200, changed.text)
                self.assertEqual({key: changed.json()[key] for key in change}, change)
                self.assertGreater(changed.json()["version"], entry["version"])
                listed = self.api("GET", f"{path}?search={changed.json()['name']}&limit=500", token=self.manager)
                self.assertIn(changed.json(), listed.json()["items"])
                self.assertEqual(self.api("DELETE", f"{path}/{entry['id']}", token=self.manager).json(), {})
                again = self.api("GET", f"{path}?search={changed.json()['name']}&limit=500", token=self.manager)
                self.assertNotIn(entry["id"], {item["id"] for item in again.json()["items"]})

    def test_nobody_below_a_manager(self):
        for path, model, new, change, _view in self.kinds():
            entry = self.api("POST", path, new, token=self.manager).json()
            before = self.env[model].with_context(active_test=False).search_count([])
            calls = (
                ("GET", path, None),
                ("POST", path, new),
                ("GET", f"{path}/{entry['id']}", None),
                ("PATCH", f"{path}/{entry['id']}", change),
                ("DELETE", f"{path}/{entry['id']}", None),
            )
            for method, url, body in calls:
                with self.subTest(f"{method} {url}"):
                    self.assertProblem(self.api(method, url, body), "token_missing", 401)
                    supervisor = self.sign_in("supervisor")
                    self.assertProblem(self.api(method, url, body, token=supervisor), "permission_denied", 403)
            shown = self.api("GET", f"{path}/{entry['id']}", token=self.manager)
            self.assertEqual(shown.json(), entry)
            self.assertEqual(self.env[model].with_context(active_test=False).search_count([]), before)

    def test_nobody_of_another_company(self):
        _company, foreign = self.make_company("Elsewhere")
        stranger = self.sign_in("manager", foreign)
        for path, _model, new, change, _view in self.kinds():
            entry = self.api("POST", path, new, token=self.manager).json()
            for method, body in (("GET", None), ("PATCH", change), ("DELETE", None)):
                with self.subTest(f"{method} {path}"):
                    answer = self.api(method, f"{path}/{entry['id']}", body, token=stranger)
                    self.assertProblem(answer, "not_found", 404)
            theirs = self.api("GET", f"{path}?limit=500", token=stranger).json()["items"]
            self.assertNotIn(entry["id"], {item["id"] for item in theirs})
            self.assertEqual(self.api("GET", f"{path}/{entry['id']}", token=self.manager).json(), entry)

    def test_a_version_that_has_moved_on(self):
        for path, _model, new, change, _view in self.kinds():
            with self.subTest(path):
                entry = self.api("POST", path, new, token=self.manager).json()
                url, stale = f"{path}/{entry['id']}", {"If-Match": f'"v{entry["version"]}"'}
                self.assertEqual(self.api("PATCH", url, change, token=self.manager, headers=stale).status_code, 200)
                again = self.api("PATCH", url, {"name": "Other"}, token=self.manager, headers=stale)
                problem = self.assertProblem(again, "version_conflict", 409)
                self.assertEqual({key: problem["current"][key] for key in change}, change)
                gone = self.api("DELETE", url, token=self.manager, headers=stale)
                self.assertProblem(gone, "version_conflict", 409)

    def test_an_id_of_the_client_s_own_is_taken_once(self):
        for path, _model, new, _change, _view in self.kinds():
            with self.subTest(path):
                mine = {**new, "id": uuid7()}
                self.assertEqual(self.api("POST", path, mine, token=self.manager).json()["id"], mine["id"])
                self.refused(self.api("POST", path, mine, token=self.manager), "id", "id_taken")

    def test_nothing_to_change_and_null_where_nothing_may_be_empty(self):
        for path, _model, new, _change, _view in self.kinds():
            with self.subTest(path):
                entry = self.api("POST", path, new, token=self.manager).json()
                for body in ({}, {"name": None}, {"colour_blind": True}):
                    answer = self.api("PATCH", f"{path}/{entry['id']}", body, token=self.manager)
                    self.assertProblem(answer, "validation_failed", 422)

    def test_pages(self):
        names = [f"Zzz {uuid7()} {place}" for place in range(3)]
        for name in names:
            self.api("POST", "/discounts", {"name": name, "kind": "percent", "value_bp": 100}, token=self.manager)
        seen, cursor = [], ""
        for _page in range(3):
            answer = self.api("GET", f"/discounts?search=Zzz&limit=1{cursor}", token=self.manager).json()
            seen += [item["name"] for item in answer["items"]]
            cursor = f"&cursor={answer['next_cursor']}"
        self.assertEqual((seen, answer["next_cursor"]), (names, None))

    def test_shared_entries_are_not_one_company_s_to_change(self):
        shared = self.env["pos.category"].create({"name": "Shared"})
        answer = self.api("PATCH", f"/categories/{shared.fynlo_uuid}", {"name": "Mine"}, token=self.manager)
        self.assertProblem(answer, "permission_denied", 403)
        self.assertEqual(shared.name, "Shared")


@tagged("post_install", "-at_install")
class TestProductApi(CatalogueApiCase):
    def setUp(self):
        super().setUp()
        answer = self.api("POST", "/products", {"name": "Calzone", "price": gbp(self, 1150)}, token=self.manager)
        self.product = answer.json()
        self.url = f"/products/{self.product['id']}"

    def test_a_new_product_is_on_the_menu_with_its_price(self):
        menu = self.api("GET", "/menu", token=self.sign_in("server")).json()
        (shown,) = [product for product in menu["products"] if product["id"] == self.product["id"]]
        self.assertEqual(shown["variants"][0]["price"], gbp(self, 1150))

    def test_what_belongs_to_it(self):
        group = self.env["fynlo.modifier.group"].create({"name": "Extras", "company_id": self.company.id})
        category = self.env["pos.category"].create({"name": "Folded"})
        change = {
            "price": gbp(self, 1295),
            "description": "Ham, ricotta",
            "category_ids": [category.fynlo_uuid],
            "modifier_group_ids": [group.fynlo_uuid],
            "allergens": ["gluten", "milk"],
            "tax_ids": [],
            "sku": "CAL",
            "barcode": uuid7(),
            "open_price": True,
        }
        changed = self.api("PATCH", self.url, change, token=self.manager).json()
        self.assertEqual(
            {key: changed[key] for key in change if key in changed},
            {key: value for key, value in change.items() if key in changed},
        )
        (variant,) = changed["variants"]
        self.assertEqual((variant["sku"], variant["barcode"]), ("CAL", change["barcode"]))
        self.assertEqual(variant["price"], gbp(self, 1295))

    def test_refusals(self):
        unknown = uuid7()
        other = {"amount": 100, "currency": "XTS"}
        refusals = (
            ({"category_ids": [unknown]}, "category_ids[0]", "unknown_id"),
            ({"modifier_group_ids": [unknown]}, "modifier_group_ids[0]", "unknown_id"),
            ({"tax_ids": [unknown]}, "tax_ids", "unknown_id"),
            ({"allergens": ["moonlight"]}, "allergens", "unknown_allergen"),
            ({"price": other}, "price.currency", "currency_mismatch"),
            ({"price": gbp(self, -1)}, "price.amount", "greater_than_equal"),
        )
        for change, field, code in refusals:
            with self.subTest(field):
                self.refused(self.api("PATCH", self.url, change, token=self.manager), field, code)
        self.assertEqual(self.api("GET", self.url, token=self.manager).json(), self.product)

    def test_the_picture(self):
        self.assertProblem(self.api("GET", f"{self.url}/image", token=self.manager), "not_found", 404)
        product = self.env["product.template"]._by_uuid(self.product["id"])
        product.image_1920 = PIXEL
        (shown,) = [
            item
            for item in self.api("GET", "/menu", token=self.manager).json()["products"]
            if item["id"] == self.product["id"]
        ]
        self.assertRegex(shown["image_url"], rf"^/api/v1{self.url}/image\?v=[0-9a-f]{{12}}$")
        picture = self.api("GET", shown["image_url"], token=self.sign_in("kitchen"))
        self.assertEqual((picture.status_code, picture.headers["Content-Type"]), (200, "image/png"))
        self.assertProblem(self.api("GET", shown["image_url"]), "token_missing", 401)


@tagged("post_install", "-at_install")
class TestOtherEntries(CatalogueApiCase):
    def test_the_modifiers_of_a_group_are_those_of_the_request(self):
        garlic, chilli = ({"name": name, "price": gbp(self, 75)} for name in ("Garlic", "Chilli"))
        new = {"name": "Dips", "modifiers": [garlic, chilli]}
        group = self.api("POST", "/modifier-groups", new, token=self.manager).json()
        kept = {**group["modifiers"][1], "price": gbp(self, 90)}
        change = {"modifiers": [kept, {"name": "Mayonnaise", "price": gbp(self, 50)}]}
        changed = self.api("PATCH", f"/modifier-groups/{group['id']}", change, token=self.manager).json()
        self.assertEqual(changed["modifiers"][0], kept)
        self.assertEqual([modifier["name"] for modifier in changed["modifiers"]], ["Chilli", "Mayonnaise"])
        stranger = {"modifiers": [{**garlic, "id": uuid7()}]}
        answer = self.api("PATCH", f"/modifier-groups/{group['id']}", stranger, token=self.manager)
        self.refused(answer, "modifiers[0].id", "unknown_id")

    def test_limits_of_a_group(self):
        answer = self.api("POST", "/modifier-groups", {"name": "Dips", "min": 3, "max": 2}, token=self.manager)
        self.refused(answer, "min", "min_above_max")

    def test_a_discount_is_whole(self):
        refusals = (
            ({"kind": "percent"}, "value_bp", "missing"),
            ({"kind": "amount"}, "amount", "missing"),
            ({"kind": "percent", "value_bp": 100, "permission": "fly"}, "permission", "unknown_permission"),
        )
        for values, field, code in refusals:
            with self.subTest(field):
                answer = self.api("POST", "/discounts", {"name": "Friends", **values}, token=self.manager)
                self.refused(answer, field, code)
        voucher = {"name": "Voucher", "kind": "amount", "amount": gbp(self, 500)}
        self.assertEqual(self.api("POST", "/discounts", voucher, token=self.manager).json()["amount"], gbp(self, 500))

    def test_categories_stand_below_each_other_but_not_below_themselves(self):
        top = self.api("POST", "/categories", {"name": "Food"}, token=self.manager).json()
        below = {"name": "Pizza", "parent_id": top["id"]}
        child = self.api("POST", "/categories", below, token=self.manager).json()
        self.assertEqual(child["parent_id"], top["id"])
        answer = self.api("PATCH", f"/categories/{top['id']}", {"parent_id": child["id"]}, token=self.manager)
        self.refused(answer, "parent_id", "circular")
        freed = self.api("PATCH", f"/categories/{child['id']}", {"parent_id": None}, token=self.manager)
        self.assertIsNone(freed.json()["parent_id"])


@tagged("post_install", "-at_install")
class TestAvailabilityApi(CatalogueApiCase):
    def setUp(self):
        super().setUp()
        self.product = self.env["product.template"].create(
            {
                "name": "Calzone",
                "company_id": self.company.id,
                "available_in_pos": True,
                "taxes_id": [Command.clear()],
            }
        )
        self.variant = self.product.product_variant_id
        self.url = f"/products/{self.product.fynlo_uuid}:set-availability"
        self.cook = self.sign_in("kitchen")

    def _shown(self, token):
        products = self.api("GET", "/menu", token=token).json()["products"]
        return next(product for product in products if product["id"] == self.product.fynlo_uuid)

    def test_the_kitchen_runs_out_and_the_menu_says_so(self):
        before = self.api("GET", "/menu", token=self.cook).json()["version"]
        answer = self.api("POST", self.url, {"available": False, "reason": "No ham"}, token=self.cook)
        self.assertEqual(answer.status_code, 200, answer.text)
        entry_shapes.AvailabilityView.model_validate_json(answer.content)
        self.assertEqual((answer.json()["available"], answer.json()["reason"]), (False, "No ham"))
        self.assertFalse(self._shown(self.cook)["available"])
        self.assertEqual(self.api("GET", "/menu", token=self.cook).json()["version"], before + 1)
        self.assertTrue(self._shown(self.sign_in("kitchen", self.other_location))["available"])
        row = self.env["fynlo.availability"].search([("product_tmpl_id", "=", self.product.id)])
        self.assertEqual(row.changed_by, self.employee("kitchen").name)

    def test_portions_of_one_size(self):
        body = {"available": True, "variant_id": self.variant.fynlo_uuid, "countdown": 4}
        self.assertEqual(self.api("POST", self.url, body, token=self.cook).json()["stock"], 4)
        self.assertEqual(self._shown(self.cook)["variants"][0]["stock"], 4)
        self.refused(
            self.api("POST", self.url, {"available": True, "variant_id": uuid7()}, token=self.cook),
            "variant_id",
            "unknown_id",
        )

    def test_a_modifier(self):
        group = self.env["fynlo.modifier.group"].create(
            {"name": "Dips", "company_id": self.company.id, "modifier_ids": [Command.create({"name": "Garlic"})]}
        )
        url = f"/modifiers/{group.modifier_ids.fynlo_uuid}:set-availability"
        self.assertFalse(self.api("POST", url, {"available": False}, token=self.cook).json()["available"])
        _company, foreign = self.make_company("Elsewhere")
        stranger = self.sign_in("kitchen", foreign)
        self.assertProblem(self.api("POST", url, {"available": True}, token=stranger), "not_found", 404)

    def test_who_may_not(self):
        _company, foreign = self.make_company("Elsewhere")
        body = {"available": False}
        self.assertProblem(self.api("POST", self.url, body), "token_missing", 401)
        stranger = self.sign_in("kitchen", foreign)
        self.assertProblem(self.api("POST", self.url, body, token=stranger), "not_found", 404)
        permission = self.env.ref("fynlo_pos_core.permission_menu_availability")
        self.env["fynlo.permission.map"].search([("permission_id", "=", permission.id)]).unlink()
        permission.lowest_role = "owner"
        self.company._fynlo_bump_permissions()
        self.assertProblem(self.api("POST", self.url, body, token=self.cook), "permission_denied", 403)
        self.assertFalse(self.env["fynlo.availability"].search([("product_tmpl_id", "=", self.product.id)]))

    def test_the_same_request_twice_counts_once(self):
        key = uuid7()
        first = self.api("POST", self.url, {"available": False}, token=self.cook, key=key)
        again = self.api("POST", self.url, {"available": False}, token=self.cook, key=key)
        self.assertEqual((again.json(), again.headers["Idempotent-Replayed"]), (first.json(), "true"))


#: The smallest picture.
PIXEL = b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

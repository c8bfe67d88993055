"""GET /menu and /floors over HTTP: who may read them, caching, compression."""

import gzip
import json

from odoo import Command
from odoo.tests import tagged

from ..controllers.catalogue.menu_views import FloorView, MenuView
from ..tools.identifiers import uuid7
from .common import ApiCase


@tagged("post_install", "-at_install")
class TestMenuApi(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pizza = cls.env["product.template"].create(
            {
                "name": "Margherita",
                "list_price": 9.95,
                "company_id": cls.company.id,
                "available_in_pos": True,
                "taxes_id": [Command.clear()],
            }
        )

        cls.pizza.copy({"name": "Worth compressing" * 100, "company_id": cls.company.id})

    def setUp(self):
        super().setUp()
        self.token = self.sign_in("server")

    def test_the_menu_of_the_device_s_location(self):
        answer = self.api("GET", "/menu", token=self.token)
        self.assertEqual(answer.status_code, 200)
        menu = answer.json()
        MenuView.model_validate_json(answer.content)
        self.env.cr.execute("SELECT version FROM fynlo_catalogue WHERE company_id = %s", [self.company.id])
        self.assertEqual(menu["version"], self.env.cr.fetchone()[0])
        (shown,) = [product for product in menu["products"] if product["id"] == self.pizza.fynlo_uuid]
        self.assertEqual(shown["variants"][0]["price"]["amount"], 995)
        self.assertEqual(shown["variants"][0]["id"], self.pizza.product_variant_id.fynlo_uuid)

    def test_who_may_not_read_it(self):
        self.assertProblem(self.api("GET", "/menu"), "token_missing", 401)
        self.assertProblem(self.api("GET", "/menu", token="abc.def.ghi"), "token_invalid", 401)
        permission = self.env.ref("fynlo_pos_core.permission_menu_read")
        permission.lowest_role = "owner"
        self.env["fynlo.permission.map"].search([("permission_id", "=", permission.id)]).unlink()
        self.company._fynlo_bump_permissions()
        self.assertProblem(self.api("GET", "/menu", token=self.token), "permission_denied", 403)

    def test_a_till_that_has_it_is_told_so(self):
        first = self.api("GET", "/menu", token=self.token)
        again = self.api("GET", "/menu", token=self.token, headers={"If-None-Match": first.headers["ETag"]})
        self.assertEqual((again.status_code, again.content), (304, b""))
        self.assertEqual(again.headers["ETag"], first.headers["ETag"])
        self.pizza.list_price = 10.5
        changed = self.api("GET", "/menu", token=self.token, headers={"If-None-Match": first.headers["ETag"]})
        self.assertEqual(changed.status_code, 200)
        self.assertEqual(changed.json()["version"], first.json()["version"] + 1)
        self.assertNotEqual(changed.headers["ETag"], first.headers["ETag"])

    def test_compressed_only_when_the_till_asks(self):
        self.env.cr.flush()
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Encoding": "gzip"}
        packed = self.opener.get(f"{self.base_url()}/api/v1/menu", headers=headers, stream=True, timeout=30)
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        plain = self.api("GET", "/menu", token=self.token, headers={"Accept-Encoding": "identity"})
        self.assertNotIn("Content-Encoding", plain.headers)
        self.assertEqual(gzip.decompress(packed.raw.read(decode_content=False)), plain.content)

    def test_a_warm_menu_takes_the_queries_of_signing_in_and_no_more(self):
        self.api("GET", "/menu", token=self.token)
        reading_the_tables = 1
        self.assertEqual(self._queries("/menu"), self._queries("/floors") - reading_the_tables)

    def _queries(self, path):
        self.api("GET", path, token=self.token)
        before = self.env.cr.sql_log_count
        self.assertEqual(self.api("GET", path, token=self.token).status_code, 200)
        return self.env.cr.sql_log_count - before

    def test_the_menu_of_another_location(self):
        both = self.location | self.other_location
        supervisor = self.employee("supervisor", location_ids=both.ids)
        token = self.session("supervisor", employee=supervisor)["access_token"]
        self.env["fynlo.availability"]._set(self.other_location, self.pizza, False)
        for location, available in ((self.location, True), (self.other_location, False)):
            answer = self.api("GET", f"/menu?location_id={location.fynlo_uuid}", token=token)
            shown = {product["id"]: product["available"] for product in answer.json()["products"]}
            self.assertEqual(shown[self.pizza.fynlo_uuid], available)

    def test_not_of_a_location_where_one_does_not_work(self):
        _company, foreign = self.make_company("Elsewhere")
        for location_id in (self.other_location.fynlo_uuid, foreign.fynlo_uuid, uuid7()):
            with self.subTest(location_id):
                answer = self.api("GET", f"/menu?location_id={location_id}", token=self.token)
                self.assertProblem(answer, "not_found", 404)
        self.assertProblem(self.api("GET", "/menu?location_id=7", token=self.token), "validation_failed", 422)

    def test_nothing_of_another_company(self):
        company, location = self.make_company("Elsewhere")
        steak = self.pizza.copy({"name": "Steak", "company_id": company.id})
        theirs = self.api("GET", "/menu", token=self.sign_in("server", location)).json()
        ours = self.api("GET", "/menu", token=self.token).json()
        self.assertIn(steak.fynlo_uuid, {product["id"] for product in theirs["products"]})
        self.assertNotIn(steak.fynlo_uuid, {product["id"] for product in ours["products"]})
        self.assertNotIn(self.pizza.fynlo_uuid, {product["id"] for product in theirs["products"]})

    def test_floors(self):
        self.env["restaurant.floor"].create(
            {
                "name": "Terrace",
                "pos_config_ids": [Command.set(self.location.ids)],
                "table_ids": [Command.create({"table_number": 41, "seats": 6, "shape": "round"})],
            }
        )
        answer = self.api("GET", "/floors", token=self.token)
        self.assertEqual(answer.status_code, 200)
        (floor,) = [floor for floor in answer.json()["items"] if floor["name"] == "Terrace"]
        FloorView.model_validate_json(json.dumps(floor))
        self.assertEqual([(t["name"], t["seats"], t["shape"]) for t in floor["tables"]], [("41", 6, "round")])
        self.assertProblem(self.api("GET", "/floors"), "token_missing", 401)

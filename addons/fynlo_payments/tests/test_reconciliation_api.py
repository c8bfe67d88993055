"""Reconciliations over HTTP and in the back office: pages, filters, and whose they are."""

from datetime import date, timedelta

from odoo.addons.fynlo_pos_core.tests.common import ApiCase
from odoo.addons.fynlo_pos_core.tests.shop import Shop
from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.tests import tagged

from ..models.reconciliation_difference import KINDS
from ..reconciliation.matching import DIFFERENCE_KINDS

MODELS = (
    "fynlo.reconciliation",
    "fynlo.reconciliation.difference",
    "fynlo.settlement.movement",
    "fynlo.settlement.account",
    "fynlo.payout",
    "fynlo.difference.wizard",
)


@tagged("post_install", "-at_install")
class TestReconciliationApi(Shop, ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.till = cls.device
        del cls.device  # here it is the method of ApiCase
        cls._devices[cls.location.id] = (cls.till, cls.device_key)
        cls.rows = cls.env["fynlo.reconciliation"].create([cls.day_of(number) for number in range(3)])
        cls.env["fynlo.reconciliation.difference"].create(
            {
                "reconciliation_id": cls.rows[0].id,
                "key": "amount_differs:drawer",
                "kind": "amount_differs",
                "expected": 1300,
                "found": 1200,
                "found_at": now(),
            }
        )
        cls.rows[0]._follow()

    @classmethod
    def day_of(cls, number, **values):
        return {
            "provider": "stripe",
            "account": "acct_1",
            "day": date(2026, 6, 1) + timedelta(days=number),
            "company_id": cls.company.id,
            "config_id": cls.location.id,
            "currency_id": cls.location.currency_id.id,
            "provider_amount": 1200,
            "ledger_amount": 1300,
            **values,
        }

    def read(self, path="", role="manager", status=200):  # pylint: disable=method-required-super
        answer = self.api("GET", f"/reconciliations{path}", token=self.session(role)["access_token"])
        self.assertEqual(answer.status_code, status, answer.text[:500])
        return answer.json()

    def test_the_newest_day_first_page_by_page(self):
        found, cursor = [], ""
        for _ in range(3):
            page = self.read(f"?limit=1{cursor}")
            found += [row["day"] for row in page["items"]]
            cursor = f"&cursor={page['next_cursor']}"
        self.assertEqual((found, page["next_cursor"]), (["2026-06-03", "2026-06-02", "2026-06-01"], None))

    def test_filters(self):
        for query, days in (
            ("state=differences", ["2026-06-01"]),
            ("state=open&provider=stripe", ["2026-06-03", "2026-06-02"]),
            ("provider=truelayer", []),
            ("from_day=2026-06-02&to_day=2026-06-02", ["2026-06-02"]),
        ):
            with self.subTest(query):
                self.assertEqual([row["day"] for row in self.read(f"?{query}")["items"]], days)
        self.read("?state=nonsense", status=422)
        self.read("?cursor=nonsense", status=422)

    def test_one_day_with_its_differences(self):
        row = self.read(f"/{self.rows[0].fynlo_uuid}")
        self.assertEqual((row["state"], row["unresolved"], row["over_short"]), ("differences", 1, None))
        self.assertEqual((row["at_provider"], row["in_ledger"]), (self.gbp(1200), self.gbp(1300)))
        (difference,) = row["differences"]
        self.assertEqual((difference["kind"], difference["expected"]), ("amount_differs", self.gbp(1300)))
        self.assertEqual((difference["payment_id"], difference["note"]), (None, None))

    def test_who_may_not(self):
        self.read(role="cashier", status=403)
        self.assertEqual(self.api("GET", "/reconciliations").status_code, 401)
        theirs = self.env["res.company"].create({"name": "Other"})
        row = self.env["fynlo.reconciliation"].create(self.day_of(9, company_id=theirs.id, config_id=False))
        for role in ("manager", "owner"):
            self.read(f"/{row.fynlo_uuid}", role=role, status=404)
            self.assertEqual(len(self.read(role=role)["items"]), 3)
        elsewhere = self.location.copy({"name": "Elsewhere", "payment_method_ids": False})
        self.rows.config_id = elsewhere
        self.assertEqual([len(self.read(role=role)["items"]) for role in ("manager", "owner")], [0, 3])

    def test_managers_open_every_screen(self):
        user = self.session_user("manager")
        for model in MODELS:
            records = self.env[model].with_user(user).with_context(allowed_company_ids=self.company.ids)
            views = records.get_views([(False, "list"), (False, "form"), (False, "search")])
            names = [name for name in views["models"][model]["fields"] if name in records._fields]
            records.search([]).read(names)
        difference = self.rows[0].difference_ids.with_user(user).with_context(allowed_company_ids=self.company.ids)
        self.assertEqual(difference.action_settle()["context"], {"default_difference_ids": difference.ids})
        self.assertEqual(self.rows[0].with_user(user).action_open_movements()["res_model"], "fynlo.settlement.movement")

    def session_user(self, role):
        return self.hire("Screens", role).user_id

    def test_the_same_kinds_everywhere(self):
        self.assertEqual(tuple(name for name, _label in KINDS), DIFFERENCE_KINDS)

"""Which tenders a location offers: switched on and off, in order, by amount and channel, and what tills hear of it."""

import json

from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.tests.test_settings_api import SettingsCase
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from .trading_day import TradingDay

PATH = "/settings/payment_methods"


@tagged("post_install", "-at_install")
class TestTenderOffers(TradingDay):
    def setUp(self):
        super().setUp()
        card = self.location.payment_method_ids.filtered(lambda method: not method.is_cash_count)
        self.env.cr.execute("UPDATE pos_payment_method SET fynlo_provider = 'gift_card' WHERE id = %s", (card.id,))
        self.env.invalidate_all()
        self.location._fynlo_list_tenders()
        self.offers = self.location.fynlo_offer_ids.grouped("method")
        self.order = self.place(self.line(self.menu.pizza))

    def refused(self, minor=1000, **values):
        with self.assertRaises(Problem) as caught:
            self.pay(self.order, minor, **values)
        self.assertFalse(self.env["fynlo.payment"].search_count([("order_id.uuid", "=", self.order["id"])]))
        return caught.exception.code

    def test_a_row_changes_nothing_by_itself(self):
        news = self.env["fynlo.outbox"].search_count([("type", "=", "settings.changed")])
        self.assertEqual(set(self.offers), {"cash", "gift_card"})
        self.location._fynlo_list_tenders()
        self.assertEqual(len(self.location.fynlo_offer_ids), 2)
        self.env.cr.flush()
        self.assertEqual(self.env["fynlo.outbox"].search_count([("type", "=", "settings.changed")]), news)
        self.assertEqual(self.pay(self.order, 1000)["state"], "captured")

    def test_switched_off_is_not_taken(self):
        self.offers["cash"].offered = False
        self.env.flush_all()
        self.assertEqual(self.refused(), "payment_method_unavailable")
        self.assertEqual(list(self.env["fynlo.fees"]._tenders(self.location)), ["gift_card"])
        self.offers["cash"].offered = True
        self.env.flush_all()
        self.assertEqual(self.pay(self.order, 1000)["state"], "captured")

    def test_amounts_out_of_its_range(self):
        self.offers["cash"].write({"least": 500, "most": 900})
        self.env.flush_all()
        for minor in (499, 901):
            self.assertEqual(self.refused(minor), "charge_out_of_range")
        self.assertEqual(self.refused(400, tip=self.gbp(99)), "charge_out_of_range")
        for minor in (500, 500):
            self.assertEqual(self.pay(self.order, minor)["state"], "captured")

    def test_only_for_its_channel(self):
        self.offers["cash"].channel = "online"
        self.env.flush_all()
        self.assertEqual(self.refused(), "payment_method_unavailable")
        self.assertIn("cash", self.location._fynlo_offered("online"))
        taking = self.env["fynlo.payment.service"].with_context(fynlo_channel="online")
        facts = self.env["fynlo.order.service"]._facts(self.identity())
        self.assertEqual(taking._method(facts, "cash"), facts.tenders["cash"])

    def test_the_preview_is_what_tills_are_told(self):
        self.offers["gift_card"].write({"sequence": 1, "most": 5000})
        self.offers["cash"].sequence = 2
        self.env.flush_all()
        listed = self.env["fynlo.fees"]._listed(self.location)
        places = {one["method"]: (one["position"], one["maximum"]) for one in listed}
        self.assertEqual(places, {"gift_card": (1, self.gbp(5000)), "cash": (2, None)})
        shown = str(self.location.fynlo_tender_preview)
        self.assertLess(shown.index('data-tender="gift_card"'), shown.index('data-tender="cash"'))
        self.assertIn("50.00 GBP", shown)
        self.offers["cash"].offered = False
        self.env.invalidate_all()
        self.assertNotIn('data-tender="cash"', str(self.location.fynlo_tender_preview))

    def test_the_preview_says_what_cannot_be_taken_now(self):
        self.assertNotIn("the till is closed", str(self.location.fynlo_tender_preview))
        self.pay(self.order, 1000, complete=True)
        self.close(11000)
        self.env.invalidate_all()
        self.assertIn("the till is closed", str(self.location.fynlo_tender_preview))
        self.assertEqual({one["reason"] for one in self.env["fynlo.fees"]._listed(self.location)}, {"no_open_session"})

    def test_a_manager_changes_them_and_the_audit_log_tells(self):
        desk = self.location.with_user(self.manager.user_id)
        with Form(desk, view="fynlo_payments.view_location_tenders_form") as form:
            place = form.fynlo_offer_ids._records.index(
                next(one for one in form.fynlo_offer_ids._records if one["method"] == "cash")
            )
            with form.fynlo_offer_ids.edit(place) as row:
                row.offered = False
                row.least_shown = 2.5
        self.env.cr.flush()
        self.assertEqual((self.offers["cash"].offered, self.offers["cash"].least), (False, 250))
        entry = self.env["fynlo.audit.log"].search([("action", "=", "settings.changed")], limit=1)
        told = [one["method"] for one in json.loads(entry.after)["methods"]]
        self.assertEqual((json.loads(entry.after)["section"], told), ("payment_methods", ["gift_card"]))
        self.assertEqual([one["method"] for one in json.loads(entry.before)["methods"]], ["cash", "gift_card"])

    def test_bad_input(self):
        for values in ({"least": -1}, {"most": -1}, {"least": 500, "most": 400}):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.offers["cash"].write(values)

    def test_who_may(self):
        with self.assertRaises(AccessError):
            self.offers["cash"].with_user(self.cashier.user_id).offered = False
        with self.assertRaises(AccessError):
            self.offers["cash"].with_user(self.manager.user_id).unlink()
        bound = self.hire("Nora", "manager")
        bound.fynlo_location_ids = self.location.copy({"name": "Elsewhere", "payment_method_ids": False})
        self.env.flush_all()
        with self.assertRaises(AccessError):
            self.offers["cash"].with_user(bound.user_id).offered = False
        self.assertTrue(self.offers["cash"].offered)


@tagged("post_install", "-at_install")
class TestTenderSettings(SettingsCase):
    def setUp(self):
        super().setUp()
        bank = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
        )
        self.gift = self.env["pos.payment.method"].create(
            {"name": "Gift card", "company_id": self.company.id, "fynlo_provider": "gift_card"}
        )
        self.assertTrue(bank)
        self.location.payment_method_ids |= self.gift
        self.env.cr.flush()

    def money(self, minor):
        return {"amount": minor, "currency": self.location.currency_id.name}

    def methods(self, **query):
        return [one["method"] for one in self.section("payment_methods", **query)["methods"]]

    def test_just_what_is_named_is_offered_in_that_order(self):
        self.assertEqual(self.section("payment_methods")["available"], ["cash", "gift_card"])
        wished = [{"method": "gift_card", "maximum": self.money(10000)}, {"method": "cash"}]
        told = self.change("payment_methods", {"methods": wished}, token=self.manager)
        self.assertEqual([one["method"] for one in told["methods"]], ["gift_card", "cash"])
        self.assertEqual((told["methods"][0]["minimum"], told["methods"][0]["maximum"]), (None, self.money(10000)))
        told = self.change("payment_methods", {"methods": [{"method": "gift_card"}]}, token=self.manager)
        self.assertEqual(told["methods"][0]["maximum"], self.money(10000))  # what is not sent stays
        self.assertEqual([one["method"] for one in told["methods"]], ["gift_card"])
        till = self.api("GET", "/payments/methods", token=self.sign_in("cashier")).json()["items"]
        self.assertEqual([(one["method"], one["maximum"]) for one in till], [("gift_card", self.money(10000))])
        lifted = [{"method": "gift_card", "maximum": None}, {"method": "cash"}]
        self.change("payment_methods", {"methods": lifted}, token=self.manager)
        self.assertEqual(self.methods(), ["gift_card", "cash"])
        self.assertEqual(self.location.fynlo_offer_ids.mapped("most"), [0, 0])

    def test_tills_hear_of_it(self):
        self.change("payment_methods", {"methods": [{"method": "gift_card"}]}, token=self.manager)
        told = dict(self.news())[f"l.{self.location.fynlo_uuid}.till"]
        self.assertEqual([one["method"] for one in told["methods"]], ["gift_card"])
        self.assertEqual([one["method"] for one in self.snapshot().json()["payment_methods"]["methods"]], ["gift_card"])

    def test_bad_input(self):
        for methods, field in (
            ([], "methods"),
            ([{"method": "barter"}], "methods[0].method"),
            ([{"method": "cash"}, {"method": "cash"}], "methods[1].method"),
            ([{"method": "cash", "channel": "radio"}], "methods[0].channel"),
            ([{"method": "cash", "minimum": {"amount": 1, "currency": "XTS"}}], "methods[0].minimum.currency"),
            ([{"method": "cash", "minimum": self.money(-1)}], None),
            ([{"method": "cash", "minimum": self.money(2), "maximum": self.money(1)}], None),
            ([{"method": "cash", "name": "Gold"}], "methods[0].name"),
            ([{"method": "cash"}] * 31, "methods"),
        ):
            with self.subTest(str(methods)[:80]):
                answer = self.api("PATCH", PATH, {"methods": methods}, token=self.owner)
                problem = self.assertProblem(answer, "validation_failed", 422)
                if field:
                    self.assertEqual([error["field"] for error in problem["errors"]], [field])
        self.assertEqual(self.methods(), ["cash", "gift_card"])

    def test_who_may(self):
        body = {"methods": [{"method": "gift_card"}]}
        for role in ("cashier", "supervisor"):
            self.assertProblem(self.api("PATCH", PATH, body, token=self.sign_in(role)), "permission_denied", 403)
        elsewhere = f"{PATH}?location_id={self.other_location.fynlo_uuid}"
        self.assertProblem(self.api("PATCH", elsewhere, body, token=self.manager), "not_found", 404)
        self.assertEqual(self.methods(), ["cash", "gift_card"])
        self.assertFalse(self.other_location.fynlo_offer_ids)

    def test_retried_it_is_one_change(self):
        key, before = uuid7(), len(self.news())
        body = {"methods": [{"method": "gift_card"}]}
        for _ in range(2):
            answer = self.api("PATCH", PATH, body, token=self.manager, key=key)
            self.assertEqual(answer.status_code, 200, answer.text)
        topics = [topic for topic, _told in self.news()[before:]]
        self.assertEqual(topics.count(f"l.{self.location.fynlo_uuid}.till"), 1)

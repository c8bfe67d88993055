"""Refunds over several tenders, and by another tender than was paid with: limits, approvals, cards and credit."""

from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from .refund_bank import RefundCase

CODE = "TEST-7K2M-Q9TX"


@tagged("post_install", "-at_install")
class TestRefundsOverTenders(RefundCase):
    def mixed(self):
        """An order of 12.00: 5.00 in cash first, the rest by bank."""
        order = self.place()
        self.pay_cash(order, 500)
        return self.paid(order, 700, complete=True)

    def test_the_latest_tender_first_and_none_more_than_it_took(self):
        order = self.mixed()
        done = self.refund(order, amount=self.money(800))
        shares = [(refund["method"], refund["amount"]["amount"], refund["state"]) for refund in done["refunds"]]
        self.assertEqual(shares, [("open_banking", 700, "succeeded"), ("cash", 100, "succeeded")])
        self.assertEqual(len({refund["number"] for refund in done["refunds"]}), 1)
        last = self.refund(order)["refunds"]
        self.assertEqual([(refund["method"], refund["amount"]["amount"]) for refund in last], [("cash", 400)])
        self.assertEqual((self.bank.given_back(), self.booked(order, "cash")), (700, 0))
        self.assertAddsUp(order)

    def test_the_drawer_gives_at_once_what_is_its_part_while_the_bank_decides(self):
        order = self.mixed()
        self.bank.says = ["sent"]
        done = self.refund(order, status=202)
        self.assertEqual([refund["state"] for refund in done["refunds"]], ["sent", "succeeded"])
        self.assertEqual((self.ledger(order, "tender:cash"), self.ledger(order, "tender:open_banking")), (0, 700))
        self.bank.decides("failed")
        refund = self.look_at(done["refunds"][0])
        self.assertEqual(refund["owed"], self.money(700))
        placed = self.order(order)
        self.assertEqual((placed["payment"], placed["totals"]["refunded"]), ("partly_refunded", self.money(500)))
        self.assertAddsUp(order)

    def test_all_in_cash(self):
        order = self.mixed()
        done = self.refund(order, to_method="cash")
        self.assertEqual(
            [(refund["method"], refund["state"]) for refund in done["refunds"]], [("cash", "succeeded")] * 2
        )
        self.assertEqual(self.bank.refunds, {})
        self.assertEqual((self.booked(order, "open_banking"), self.booked(order, "cash")), (700, -700))
        self.assertEqual((self.ledger(order, "tender:open_banking"), self.ledger(order, "tender:cash")), (700, -700))
        self.assertAddsUp(order)

    def test_a_later_refund_of_the_rest_goes_where_the_money_came_from(self):
        order = self.sold()
        self.refund(order, amount=self.money(200), to_method="cash")
        self.refund(order)
        self.assertEqual((self.booked(order, "open_banking"), self.booked(order, "cash")), (200, -200))
        self.assertEqual(self.bank.given_back(), 1000)

    # --- cards and credit ----------------------------------------------------------------

    def test_onto_a_gift_card(self):
        order = self.sold()
        body = {"id": uuid7(), "code": CODE, "amount": self.money(300), "reason": "Sorry"}
        card = self.done("POST", "/gift-cards", body, status=201)
        done = self.refund(order, to_method="gift_card", details={"code": CODE})
        self.assertEqual(done["refunds"][0]["method"], "gift_card")
        self.assertEqual(self.held(card), 1500)
        self.assertEqual((self.booked(order, "gift_card"), self.bank.refunds), (-1200, {}))
        self.assertNotIn(CODE, str(done))
        self.assertAddsUp(order)

    def held(self, card):
        self.env.invalidate_all()
        return self.env["fynlo.stored.value"].search([("fynlo_uuid", "=", card["id"])]).balance

    def test_as_credit_of_a_customer(self):
        guest = self.env["res.partner"].create({"name": "Greta", "company_id": self.company.id})
        order = self.sold()
        details = {"customer_id": guest.fynlo_uuid}
        self.refund(order, amount=self.money(700), to_method="store_credit", details=details)
        self.refund(order, to_method="store_credit", details=details)
        credit = self.done("GET", f"/customers/{guest.fynlo_uuid}/credit")
        self.assertEqual(credit["balance"], self.money(1200))
        self.assertAddsUp(order)

    def test_a_blocked_card_takes_nothing(self):
        order = self.sold()
        body = {"id": uuid7(), "code": CODE, "amount": self.money(300), "reason": "Sorry"}
        card = self.done("POST", "/gift-cards", body, status=201)
        self.done("POST", f"/gift-cards/{card['id']}:block", {"reason": "stolen"})
        wish = {"id": uuid7(), "reason": "x", "to_method": "gift_card", "details": {"code": CODE}}
        answer = self.api("POST", f"/orders/{order['id']}/refunds", wish, token=self.manager)
        self.assertProblem(answer, "gift_card_blocked", 409)
        self.assertEqual((self.held(card), self.order(order)["totals"]["refunded"]), (300, self.money(0)))

    # --- limits and approvals ------------------------------------------------------------

    def ask(self, order, token, **values):
        wish = {"id": uuid7(), "reason": "cold", "to_method": "cash", **values}
        return self.api("POST", f"/orders/{order['id']}/refunds", wish, token=token)

    def approval(self, order, minor, action="refund.other_tender"):
        body = {
            "id": uuid7(),
            "action": action,
            "resource_id": order["id"],
            "amount": self.money(minor),
            "reason": "cold",
        }
        return self.done("POST", "/approvals", body, status=201, token=self.cashier)

    def test_a_cashier_gets_it_approved_by_a_manager_elsewhere(self):
        order = self.sold()
        refused = self.assertProblem(self.ask(order, self.cashier), "approval_required", 403)["approval"]
        self.assertEqual((refused["action"], refused["amount"]), ("refund.other_tender", self.money(1200)))
        asked = self.approval(order, 1200)
        self.assertProblem(self.ask(order, self.cashier, approval_id=asked["id"]), "approval_unusable", 409)
        self.done("POST", f"/approvals/{asked['id']}:approve", {}, token=self.manager)
        answer = self.ask(order, self.cashier, approval_id=asked["id"])
        self.assertEqual(answer.status_code, 201, answer.text)
        self.assertTrue(answer.json()["refunds"][0]["approved_by"])
        self.assertEqual(self.done("GET", f"/approvals/{asked['id']}")["state"], "used")

    def test_by_pin_on_the_till(self):
        order = self.sold()
        asked = self.approval(order, 1200)
        manager = self.employee("manager", self.location)
        manager.sudo()._fynlo_set_pin("8642")
        decision = {"employee_id": manager.fynlo_uuid, "pin": "8642"}
        self.done("POST", f"/approvals/{asked['id']}:approve", decision, token=self.cashier)
        answer = self.ask(order, self.cashier, approval_id=asked["id"])
        self.assertEqual(answer.status_code, 201, answer.text)

    def test_an_approval_of_a_plain_refund_gives_no_cash(self):
        order = self.sold()
        asked = self.approval(order, 1200, "refund.create")
        self.done("POST", f"/approvals/{asked['id']}:approve", {}, token=self.manager)
        self.assertProblem(self.ask(order, self.cashier, approval_id=asked["id"]), "approval_unusable", 409)
        self.assertEqual(self.order(order)["totals"]["refunded"], self.money(0))

    def test_an_approval_that_came_too_late(self):
        order = self.sold()
        asked = self.approval(order, 1200)
        self.done("POST", f"/approvals/{asked['id']}:approve", {}, token=self.manager)
        self.env["fynlo.approval"].search([("fynlo_uuid", "=", asked["id"])]).expires_at = now()
        self.env.flush_all()
        self.assertProblem(self.ask(order, self.cashier, approval_id=asked["id"]), "approval_unusable", 409)

    def test_a_supervisor_up_to_the_limit(self):
        which = {"company_id": self.company.id, "action": "refund.other_tender", "role": "supervisor"}
        policies = self.env["fynlo.approval.policy"]
        usual = policies.search([(name, "=", value) for name, value in which.items()] + [("config_id", "=", False)])
        (usual or policies.create({**which, "needs": "above"})).write({"needs": "above", "limit_amount": 700})
        self.env.flush_all()
        order, supervisor = self.sold(), self.sign_in("supervisor")
        within = self.ask(order, supervisor, amount=self.money(700))
        self.assertEqual(within.status_code, 201, within.text)
        self.assertProblem(self.ask(order, supervisor, amount=self.money(1)), "approval_required", 403)

    def test_a_tender_that_gives_nothing_here(self):
        order = self.sold()
        for tender in ("open_banking", "nothing"):
            with self.subTest(tender):
                self.assertProblem(self.ask(order, self.manager, to_method=tender), "payment_method_unavailable", 422)
        self.assertEqual(self.bank.refunds, {})

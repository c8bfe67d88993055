"""What is offered online is what guests pay with on their phones; tills take what is offered in person."""

from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from .pay_links import PayLinkCase


@tagged("post_install", "-at_install")
class TestTenderChannels(PayLinkCase):
    def setUp(self):
        super().setUp()
        self.location._fynlo_list_tenders()
        self.offer = self.location.fynlo_offer_ids.filtered(lambda one: one.method == "open_banking")
        self.order = self.place(self.line(self.menu.pizza))

    def offered(self, **values):
        self.offer.write(values)
        self.env.cr.flush()

    def test_online_alone(self):
        self.offered(channel="online")
        link = self.make(self.order, 1000)
        self.tap_bank(link)
        self.assertEqual(self.row_of(link).state, "paying")
        body = {"id": uuid7(), "method": "open_banking", "amount": self.gbp(1000)}
        answer = self.api("POST", f"/orders/{self.order['id']}/payments", body, token=self.token)
        self.assertProblem(answer, "payment_method_unavailable", 422)

    def test_in_person_alone(self):
        self.offered(channel="in_person")
        refused = self.make(self.order, 1000, status=422)
        self.assertEqual(refused["code"], "payment_method_unavailable")
        self.assertFalse(self.env["fynlo.pay.link"].search_count([("order_id.uuid", "=", self.order["id"])]))

    def test_switched_off_while_a_guest_reads_the_page(self):
        link = self.make(self.order, 1000)
        self.offered(offered=False)
        answer = self.visit(self.path(link, "bank"), "POST")
        self.assertLess(answer.status_code, 500, answer.text[:300])
        self.assertFalse(self.row_of(link).payment_id)
        self.assertEqual(self.make(self.order, 1000, status=422)["code"], "payment_method_unavailable")

    def test_switched_off_while_the_bank_is_asked(self):
        """What was begun is brought to its end."""
        link = self.make(self.order, 1000)
        self.tap_bank(link)
        self.offered(offered=False)
        self.decide()
        self.look(link)
        self.assertEqual(self.row_of(link).payment_id.state, "captured")
        self.assertPaid(self.order, 1000)

    def test_the_link_is_on_the_timelines(self):
        link = self.make(self.order, 1000)
        self.tap_bank(link)
        self.decide()
        self.look(link)
        payment = self.row_of(link).payment_id
        for record in (payment, payment.order_id):
            told = [one["what"] for one in record._fynlo_history()]
            for what in ("Pay link: Paid", "Payment: Captured", "Ledger: Taken", "pay_link.created"):
                self.assertIn(what, told)

    def compared(self, channel="online", minor=1000, **values):
        body = {"bill": self.gbp(minor), "channel": channel, **values}
        answer = self.api("POST", "/payments/fees:compare", body, token=self.token, key=False)
        self.assertEqual(answer.status_code, 200, answer.text)
        return {one["method"]: one["reason"] for one in answer.json()["methods"]}

    def test_what_is_compared_online_is_what_the_page_offers(self):
        self.assertEqual(self.compared(), {"open_banking": None})
        self.assertLessEqual({"cash", "open_banking"}, set(self.compared("in_person")))
        self.offered(channel="in_person")
        self.assertEqual(self.compared(), {})
        self.assertIn("open_banking", self.compared("in_person"))
        self.offered(channel="online")
        self.assertEqual(self.compared(), {"open_banking": None})
        self.assertNotIn("open_banking", self.compared("in_person"))
        self.offered(offered=False)
        self.assertEqual(self.compared(), {})

    def test_compared_online_with_its_limits(self):
        self.offered(channel="online", least=1100)
        self.assertEqual(self.compared(), {"open_banking": "charge_out_of_range"})
        self.assertEqual(self.compared(minor=1100), {"open_banking": None})

    def test_a_fee_is_reckoned_for_what_either_way_takes(self):
        self.offered(channel="online")

        def asked(method, channel):
            body = {"method": method, "bill": self.gbp(1000), "channel": channel}
            return self.api("POST", "/payments/fees:calculate", body, token=self.token, key=False)

        self.assertEqual(asked("open_banking", "online").status_code, 200)
        self.assertProblem(asked("open_banking", "in_person"), "payment_method_unavailable", 422)
        self.assertEqual(asked("cash", "online").status_code, 200)

    def test_amounts_out_of_range(self):
        self.offered(least=1100)
        self.assertEqual(self.make(self.order, 1000, status=422)["code"], "charge_out_of_range")
        self.offered(least=0, most=900)
        self.assertEqual(self.make(self.order, 1000, status=422)["code"], "charge_out_of_range")
        self.assertEqual(self.make(self.order, 900)["amount"], self.gbp(900))

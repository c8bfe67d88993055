"""Tips: what is suggested out of the box, and that what is given is owed to the staff whatever the tender."""

from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from ..controllers.refund_shapes import RefundShape, RollbackShape
from .outside_money import OutsideMoney


@tagged("post_install", "-at_install")
class TestSuggestedTips(OutsideMoney):
    def suggested(self):
        """What the bill of a pizza and a cola (10.83 and 2.17 of VAT) suggests."""
        order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola))
        bill = self.env["fynlo.receipt"]._document(self.identity(), order["id"])
        return [(tip["rate_bp"], tip["amount"]["amount"]) for tip in bill["tip_suggestions"]]

    def test_out_of_the_box(self):
        self.assertEqual(self.location._fynlo_tip_rates(), [500, 1000, 2000])
        self.assertEqual(self.suggested(), [(500, 65), (1000, 130), (2000, 260)])

    def test_bills_suggest_what_tills_do(self):
        self.location.fynlo_tips_base = "net"
        self.assertEqual(self.suggested(), [(500, 54), (1000, 108), (2000, 217)])
        self.location.fynlo_tips_on = False
        self.assertEqual(self.suggested(), [])

    def test_never_of_the_service_charge(self):
        self.location.write(
            {
                "fynlo_service_charge_bp": 1250,
                "fynlo_service_product_id": self.product("Service", 0.0, self.menu.cola.taxes_id, type="service").id,
            }
        )
        self.assertEqual(self.suggested(), [(500, 65), (1000, 130), (2000, 260)])


@tagged("post_install", "-at_install")
class TestGivenTips(OutsideMoney):
    def by_method(self):
        self.env.flush_all()
        tips = self.session()._fynlo_tips_by_method()
        return {self.env["pos.payment.method"].browse(method).fynlo_provider: tip for method, tip in tips.items()}

    def refund(self, order, **values):
        wish = parse(RefundShape, to_json({"id": uuid7(), "reason": "Cold", **values}))
        self.env["fynlo.refund.service"]._refund_order(self.identity(self.manager), order["id"], wish)
        self.env.cr.flush()

    def test_by_every_tender(self):
        self.pay(self.place(self.line(self.menu.pizza)), 1000, tip=self.gbp(150), complete=True)
        self.pay_by_bank(self.place(self.line(self.menu.pizza)), 1000, tip=self.gbp(200), complete=True)
        self.assertEqual(self.by_method(), {"cash": 150, "open_banking": 200})
        report = self.env["fynlo.till.report"]._of(self.session(), "x")
        self.assertEqual(report["tips"], self.gbp(350))
        self.close(10000 + 1150)
        lines = self.post()._get_related_account_moves().line_ids
        owed = lines.filtered(lambda line: line.account_id == self.company.fynlo_tips_account_id)
        self.assertEqual(round(sum(owed.mapped("balance")), 2), -3.50)

    def test_a_tip_is_owed_only_once_it_is_paid(self):
        order = self.place(self.line(self.menu.pizza))
        waiting = self.send(order, 1000, tip=self.gbp(200))
        told = self.conclude(waiting, "failed")
        self.assertEqual((told["order"]["totals"]["tip"], self.by_method()), (self.gbp(0), {}))

    def test_it_is_never_reduced_by_fees(self):
        """Fynlo's share is of the bill, what the provider keeps of the tip is the restaurant's cost."""
        payment = self.send(self.place(self.line(self.menu.pizza)), 1000, tip=self.gbp(200))
        self.conclude(payment)
        self.assertEqual((payment.application_fee, payment.fee, payment.tip), (10, 12, 200))
        entries = self.env["fynlo.payment.entry"].search([("payment_id", "=", payment.id)])
        self.assertEqual(
            {entry.account: entry.amount for entry in entries},
            {"tender:open_banking": 1200, "order": -1000, "tips": -200},
        )

    def test_what_goes_back_counts_no_tip_twice(self):
        order = self.place(self.line(self.menu.pizza))
        self.pay(order, 1000, tip=self.gbp(150), complete=True)
        self.refund(order, amount=self.gbp(300))
        self.assertEqual(self.by_method(), {"cash": 150})
        open_one = self.place(self.line(self.menu.pizza))
        self.pay(open_one, 500, tip=self.gbp(70))
        wish = parse(RollbackShape, to_json({"id": uuid7(), "reason": "By card"}))
        self.env["fynlo.refund.service"]._roll_back(self.identity(self.manager), open_one["id"], wish)
        self.assertEqual(self.by_method(), {"cash": 150})

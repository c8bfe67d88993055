"""Refunds: what goes back, in which drawer, and never more than was paid."""

from odoo.addons.fynlo_pos_core.models.orders.pos_order import GIVEN
from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..controllers.refund_shapes import PaymentRefundShape, RefundQuery, RefundShape, RollbackShape
from .trading_day import TradingDay


class Refunding(TradingDay):
    """Refunds through the service, as the manager unless told."""

    def sell(self, *lines, tip=0, **values):
        """A completed order that was paid in cash."""
        identity = self.identity(self.manager)
        order = self.place(*(lines or [self.line(self.menu.pizza)]), identity=identity, **values)
        taken = self.pay(order, order["totals"]["due"]["amount"], tip=self.gbp(tip), complete=True)
        return taken["order"]

    def refund(self, order, *, employee=None, **values):
        wish = parse(RefundShape, to_json({"id": uuid7(), "reason": "cold", **values}))
        identity = self.identity(employee or self.manager)
        done = self.env["fynlo.refund.service"]._refund_order(identity, order["id"], wish)
        self.env.cr.flush()
        return done

    def refund_payment(self, payment, *, employee=None, **values):
        wish = parse(PaymentRefundShape, to_json({"id": uuid7(), "reason": "cold", **values}))
        return self.env["fynlo.refund.service"]._refund_payment(
            self.identity(employee or self.manager), payment["id"], wish
        )

    def roll_back(self, order, **values):
        wish = parse(RollbackShape, to_json({"id": uuid7(), "reason": "wrong table", **values}))
        return self.env["fynlo.refund.service"]._roll_back(self.identity(self.cashier), order["id"], wish)

    def refusal(self, call):
        with self.assertRaises(Problem) as refused:
            call()
        return refused.exception

    def of_line(self, order, place=0, quantity=None, **values):
        return {"line_id": order["lines"][place]["id"], "quantity": quantity, **values}

    def booked(self, refund):
        """The negative order behind a refund."""
        return self.env["fynlo.refund"]._by_uuid(refund["id"]).refund_order_id

    def order_now(self, order):
        return self.env["fynlo.order.service"]._document(self.identity(), order["id"])


@tagged("post_install", "-at_install")
class TestRefunds(Refunding):
    def test_the_whole_order(self):
        order = self.sell(self.line(self.menu.pizza, "2"), self.line(self.menu.cola), tip=150)
        done = self.refund(order)
        (refund,), after = done["refunds"], done["order"]
        self.assertEqual(
            (refund["state"], refund["amount"], refund["tip"]), ("succeeded", self.gbp(2450), self.gbp(150))
        )
        self.assertEqual((after["state"], after["payment"]), ("completed", "refunded"))
        self.assertEqual((after["totals"]["refunded"]["amount"], after["version"]), (2450, order["version"] + 1))
        self.assertEqual(after["payments"][0]["refunded"], self.gbp(2450))
        self.assertEqual(refund["number"], order["number"] + "-R1")
        self.env.invalidate_all()
        self.assertEqual(self.order_now(order), after)
        self.assertEqual(self.env["fynlo.refund.service"]._read(self.identity(), refund["id"]), refund)
        self.assertEqual(self.session()._fynlo_expected_cash_minor(), 10000)

    def test_everybody_is_told(self):
        order = self.sell()
        done = self.refund(order)
        self.assertEqual(self.events("payments", "refund.updated"), done["refunds"])
        self.assertEqual(self.events("payments", "payment.updated")[-1], done["order"]["payments"][0])
        self.assertEqual(self.events("orders", "order.updated")[-1], done["order"])

    def test_the_negative_order_is_odoos(self):
        order = self.sell(self.line(self.menu.pizza, "3"), self.line(self.menu.combo, combo=self.choices()))
        done = self.refund(order, lines=[self.of_line(order, 0, "2"), self.of_line(order, 1)])
        booked, original = self.booked(done["refunds"][0]), self.row(order)
        self.assertTrue(booked.is_refund)
        self.assertEqual((booked.refunded_order_id, booked.state, booked.amount_total), (original, "paid", -31.5))
        self.assertEqual(booked.payment_ids.mapped("amount"), [-31.5])
        self.assertEqual([line.refunded_qty for line in original.lines], [2, 1, 1, 1])
        combo = booked.lines.filtered("combo_line_ids")
        self.assertEqual((len(combo.combo_line_ids), booked.margin), (2, -26.25))
        for line in booked.lines:
            computed = line._compute_amount_line_all()
            self.assertEqual(
                (line.price_subtotal, line.price_subtotal_incl),
                (computed["price_subtotal"], computed["price_subtotal_incl"]),
            )
        shown = {line["name"]: (line["quantity"], line["amount"]["amount"]) for line in done["refunds"][0]["lines"]}
        self.assertEqual(shown, {"Margherita": ("2", 2000), "Meal": ("1", 1150)})
        booked.sudo().with_context(**{GIVEN: True})._compute_prices()
        self.assertEqual((booked.amount_total, booked.amount_tax), (-31.5, -5.25))

    def choices(self):
        return [
            {"choice_id": choice.fynlo_uuid, "variant_id": choice.combo_item_ids.product_id.fynlo_uuid}
            for choice in self.menu.combo.combo_ids
        ]

    def test_lines_one_by_one_come_to_what_was_paid(self):
        third = self.product("Third", 3.33, self.menu.pizza.taxes_id)
        self.env.flush_all()
        discounts = [{"id": uuid7(), "discount_id": self.tenth.fynlo_uuid}]
        order = self.sell(self.line(third, "3"), discounts=discounts)
        paid = order["totals"]["paid"]["amount"]
        amounts = [self.refund(order, lines=[self.of_line(order, 0, "1")])["refunds"][0]["amount"] for _ in range(3)]
        self.assertEqual([amount["amount"] for amount in amounts], [300, 300, 299])
        self.assertEqual(sum(amount["amount"] for amount in amounts), paid)
        after = self.order_now(order)
        self.assertEqual((after["payment"], after["totals"]["refunded"]["amount"]), ("refunded", paid))

    def test_an_amount_goes_over_the_lines(self):
        order = self.sell(self.line(self.menu.pizza), self.line(self.menu.cookie), tip=100)
        done = self.refund(order, amount=self.gbp(500))
        self.assertEqual(done["order"]["payment"], "partly_refunded")
        shown = [(line["quantity"], line["amount"]["amount"]) for line in done["refunds"][0]["lines"]]
        self.assertEqual(shown, [(None, 400), (None, 100)])
        self.assertEqual(self.row(order).lines.mapped("refunded_qty"), [0, 0, 0])
        rest = self.refund(order, lines=[self.of_line(order)])
        self.assertEqual(rest["refunds"][0]["amount"], self.gbp(600))
        last = self.refund(order)
        self.assertEqual((last["refunds"][0]["amount"], last["refunds"][0]["tip"]), (self.gbp(250), self.gbp(100)))
        self.assertEqual(last["order"]["payment"], "refunded")

    def test_the_tip_alone(self):
        order = self.sell(tip=200)
        done = self.refund(order, tip=self.gbp(150))
        self.assertEqual((done["refunds"][0]["amount"], done["refunds"][0]["tip"]), (self.gbp(150), self.gbp(150)))
        self.assertEqual(self.booked(done["refunds"][0]).lines.product_id, self.location.tip_product_id)
        self.assertEqual(self.refusal(lambda: self.refund(order, tip=self.gbp(51))).code, "refund_exceeds_paid")

    def test_never_more_than_was_paid(self):
        order = self.sell(self.line(self.menu.pizza, "2"))
        self.refund(order, lines=[self.of_line(order, 0, "1.5")])
        for name, wish, code in [
            ("more of the line", {"lines": [self.of_line(order, 0, "1")]}, "refund_exceeds_paid"),
            ("more money", {"amount": self.gbp(501)}, "refund_exceeds_paid"),
            ("no such line", {"lines": [{"line_id": uuid7()}]}, "line_gone"),
            ("nothing of it", {"lines": [self.of_line(order, 0, "0")]}, "refund_exceeds_paid"),
            ("less than nothing", {"lines": [self.of_line(order, 0, "-1")]}, "refund_exceeds_paid"),
            ("a tip that was not given", {"tip": self.gbp(1)}, "refund_exceeds_paid"),
            ("another currency", {"amount": {"amount": 1, "currency": "USD"}}, "validation_failed"),
            ("lines twice", {"lines": [self.of_line(order)] * 2}, "validation_failed"),
            ("lines and an amount", {"lines": [self.of_line(order)], "amount": self.gbp(1)}, "validation_failed"),
            ("no such payment", {"payment_id": uuid7()}, "not_found"),
        ]:
            with self.subTest(name):
                self.assertEqual(self.refusal(lambda w=wish: self.refund(order, **w)).code, code)
        self.refund(order)
        self.assertEqual(self.refusal(lambda: self.refund(order)).code, "nothing_to_refund")
        self.assertEqual(self.order_now(order)["totals"]["refunded"], self.gbp(2000))

    def test_several_payments(self):
        order = self.place(self.line(self.menu.pizza, "2"))
        first = self.pay(order, 1200)
        second = self.pay(order, 800, complete=True)
        done = self.refund(order, amount=self.gbp(1500))
        self.assertEqual(
            [(refund["payment_id"], refund["amount"]["amount"]) for refund in done["refunds"]],
            [(second["id"], 800), (first["id"], 700)],
        )
        self.assertEqual(len({refund["number"] for refund in done["refunds"]}), 1)
        rest = self.refund_payment(first)
        self.assertEqual(rest["refunds"][0]["amount"], self.gbp(500))
        self.assertEqual(rest["order"]["payment"], "refunded")
        named = {"payment_id": second["id"], "amount": self.gbp(1)}
        self.assertEqual(self.refusal(lambda: self.refund(order, **named)).code, "refund_exceeds_paid")

    def test_the_service_charge_goes_back_in_proportion(self):
        product = self.env["product.product"].create({"name": "Service", "type": "service", "taxes_id": False})
        self.location.write({"fynlo_service_charge_bp": 1250, "fynlo_service_product_id": product.id})
        self.env.flush_all()
        order = self.sell(self.line(self.menu.pizza), self.line(self.menu.cola), guests=2)
        self.assertEqual(order["totals"]["service_charge"]["amount"], 163)
        first = self.refund(order, lines=[self.of_line(order, 1)])["refunds"][0]
        second = self.refund(order, lines=[self.of_line(order, 0)])["refunds"][0]
        self.assertEqual((first["amount"]["amount"], second["amount"]["amount"]), (300 + 38, 1000 + 125))
        self.assertEqual(self.order_now(order)["payment"], "refunded")

    def test_only_completed_orders_are_refunded(self):
        order = self.place(self.line(self.menu.pizza))
        self.pay(order, 400)
        self.assertEqual(self.refusal(lambda: self.refund(order)).code, "illegal_transition")
        done = self.sell()
        self.close(11400, open_orders="carry", employee=self.manager, note="end")
        self.assertEqual(self.refusal(lambda: self.refund(done)).code, "no_open_session")

    def test_after_its_session_was_posted(self):
        order = self.sell()
        self.close(11000)
        first = self.post()
        self.till = self.open_till(110)
        done = self.refund(order)
        self.assertEqual(done["order"]["payment"], "refunded")
        self.assertEqual(self.booked(done["refunds"][0]).session_id, self.session())
        self.assertEqual(self.session()._fynlo_expected_cash_minor(), 10000)
        self.close(10000)
        session = self.post()
        both = (first | session)._get_related_account_moves().line_ids
        for account in both.account_id.filtered(lambda a: a.account_type.startswith(("income", "liability_current"))):
            balance = sum(both.filtered(lambda row, a=account: row.account_id == a).mapped("balance"))
            self.assertAlmostEqual(balance, 0.0)

    # --- who may -------------------------------------------------------------------------

    def test_a_cashier_needs_an_approval(self):
        order = self.sell()
        problem = self.refusal(lambda: self.refund(order, employee=self.cashier))
        self.assertEqual(problem.code, "approval_required")
        self.assertEqual(problem.members["approval"]["amount"], self.gbp(1000))
        approval = self.env["fynlo.approval"].create(
            {
                "company_id": self.company.id,
                "config_id": self.location.id,
                "action": "refund.create",
                "resource_id": order["id"],
                "currency_id": self.company.currency_id.id,
                "amount": 1000,
                "reason": "cold",
                "requested_by": self.cashier.id,
                "state": "approved",
                "decided_by": self.manager.id,
            }
        )
        done = self.refund(order, employee=self.cashier, approval_id=approval.fynlo_uuid)
        self.assertEqual((done["refunds"][0]["approved_by"], approval.state), (self.manager.name, "used"))

    def test_small_pieces_do_not_slip_under_the_limit(self):
        rule = self.env["fynlo.approval.policy"].search(
            [("company_id", "=", self.company.id), ("action", "=", "refund.create"), ("role", "=", "cashier")]
        )
        rule.write({"needs": "above", "limit_amount": 600})
        order = self.sell()
        self.refund(order, employee=self.cashier, amount=self.gbp(600))
        small = {"employee": self.cashier, "amount": self.gbp(1)}
        self.assertEqual(self.refusal(lambda: self.refund(order, **small)).code, "approval_required")

    def test_nothing_else_may_change_a_completed_order(self):
        order = self.sell()
        done = self.refund(order)
        booked = self.booked(done["refunds"][0])
        for name, change in [
            ("refunded", lambda: self.row(order).with_context(**{GIVEN: False}).write({"fynlo_refunded": 0})),
            ("Odoo's refund", lambda: self.row(order).with_context(**{GIVEN: False}).refund()),
            ("the negative order", lambda: booked.write({"amount_total": 0})),
            ("its rows", lambda: booked.lines.write({"qty": -9})),
            ("its payment", lambda: booked.payment_ids.write({"amount": -1})),
        ]:
            with self.subTest(name), self.assertRaises(AccessError):
                change()

    # --- payments of open orders ---------------------------------------------------------

    def test_roll_back(self):
        order = self.place(self.line(self.menu.pizza))
        self.pay(order, 400, tip=self.gbp(50), tendered=500)
        self.pay(order, 100)
        done = self.roll_back(order)
        self.assertEqual([refund["kind"] for refund in done["refunds"]], ["rollback"] * 2)
        totals = {name: done["order"]["totals"][name]["amount"] for name in ("paid", "tip", "due", "refunded")}
        self.assertEqual(totals, {"paid": 0, "tip": 0, "due": 1000, "refunded": 0})
        self.assertEqual((done["order"]["state"], done["order"]["payment"]), ("open", "unpaid"))
        self.env.invalidate_all()
        self.assertEqual(self.order_now(order), done["order"])
        self.assertEqual(self.session()._fynlo_expected_cash_minor(), 10000)
        self.assertEqual(self.refusal(lambda: self.roll_back(order)).code, "nothing_to_refund")
        cancelled = self.env["fynlo.order.service"]._cancel(self.identity(self.cashier), order["id"], "left")
        self.assertEqual(cancelled["state"], "cancelled")
        self.close(10000)
        self.post()

    def test_roll_back_one_and_pay_again(self):
        order = self.place(self.line(self.menu.pizza))
        first = self.pay(order, 600)
        self.pay(order, 400)
        self.assertEqual(self.order_now(order)["payment"], "paid")
        done = self.roll_back(order, payment_ids=[first["id"]])
        self.assertEqual((done["order"]["payment"], done["order"]["totals"]["due"]["amount"]), ("partly_paid", 600))
        self.assertEqual(self.refusal(lambda: self.roll_back(order, payment_ids=[uuid7()])).code, "not_found")
        paid = self.pay(order, 600, complete=True)["order"]
        self.assertEqual((paid["state"], paid["payment"]), ("completed", "paid"))
        self.assertEqual(self.refusal(lambda: self.roll_back(order)).code, "illegal_transition")
        self.assertEqual(self.refund(order)["refunds"][0]["amount"], self.gbp(600))
        self.close(10000)
        self.post()

    # --- lists ---------------------------------------------------------------------------

    def test_lists_and_the_log(self):
        order, other = self.sell(), self.sell()
        done = self.refund(order)["refunds"]
        self.refund(other, amount=self.gbp(1))
        service = self.env["fynlo.refund.service"]
        page = service._page(self.identity(), RefundQuery(order_id=order["id"]))
        self.assertEqual(page, {"items": done, "next_cursor": None})
        first = service._page(self.identity(), RefundQuery(limit=1))
        second = service._page(self.identity(), RefundQuery(limit=1, cursor=first["next_cursor"]))
        self.assertEqual((second["items"], second["next_cursor"]), (done, None))
        rows = self.env["fynlo.giveaway"].search([("company_id", "=", self.company.id), ("kind", "=", "refund")])
        self.assertEqual(sorted(rows.mapped("amount")), [0.01, 10.0])
        self.assertEqual(rows.employee_id, self.manager)
        # refunds are none of the orders that tills know
        orders = self.env["fynlo.order.service"]
        with self.assertRaises(Problem):
            orders._document(self.identity(), self.booked(done[0]).uuid)

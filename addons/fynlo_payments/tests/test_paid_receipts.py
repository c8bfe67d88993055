"""Receipts of orders that were paid: change, tips, invoices, refunds, sales tax, other currencies."""

from odoo import Command
from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tests.test_receipts import Receipts
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import TransactionCase, tagged

from ..controllers.payments import PaymentShape


@tagged("post_install", "-at_install")
class TestPaidReceipts(Receipts, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.open_till(100)

    def pay(self, order, minor=None, **values):
        amount = {"amount": order["totals"]["due"]["amount"] if minor is None else minor, "currency": "GBP"}
        body = {"id": uuid7(), "method": "cash", "amount": amount, "complete": minor is None, **values}
        taken = self.env["fynlo.payment.service"]._take(
            self.identity(self.cashier), order["id"], parse(PaymentShape, to_json(body))
        )
        self.env.cr.flush()
        return taken["order"]

    def sold(self, *lines, **values):
        return self.pay(self.place(*lines, **values))

    def test_a_vat_receipt_with_change_and_tip(self):
        order = self.place(self.line(self.menu.pizza), self.line(self.menu.cookie, "2"))
        self.pay(order, tendered=self.gbp(2000), tip=self.gbp(100))
        receipt = self.receipt(order)
        self.assertEqual((receipt["kind"], receipt["tax_document"]), ("receipt", "simplified_invoice"))
        words = self.words(receipt)
        start = words.index("Total | £15.00")
        self.assertEqual(
            words[start + 1 : start + 5],
            ["Tip | £1.00", "To pay | £16.00", "Cash | £20.00", "Change | £4.00"],
        )
        self.assertEqual(words[words.index("VAT rate | Net | VAT | Gross") + 1], "A 20% | 12.50 | 2.50 | 15.00")
        self.assertNotIn("This is not a VAT receipt.", words)

    def test_rounded_cash_is_told(self):
        rule = self.env["account.cash.rounding"].create(
            {"name": "Five pence", "rounding": 0.05, "rounding_method": "HALF-UP", "strategy": "add_invoice_line"}
        )
        self.location.write({"cash_rounding": True, "rounding_method": rule.id, "only_round_cash_method": True})
        self.menu.cola.list_price = 2.37
        self.env.flush_all()
        self.env.cr.flush()
        order = self.place(self.line(self.menu.cola))
        self.assertIn("In cash | £2.35", self.words(self.receipt(order)))
        words = self.words(self.receipt(self.pay(order, 235, complete=True)))
        start = words.index("Total | £2.37")
        self.assertEqual(words[start + 1 : start + 4], ["Rounding | -£0.02", "To pay | £2.35", "Cash | £2.35"])

    def test_each_rate_has_its_row(self):
        receipt = self.receipt(
            self.sold(self.line(self.menu.pizza), self.line(self.menu.cookie), preset_id=self.takeaway.fynlo_uuid)
        )
        words = self.words(receipt)
        start = words.index("VAT rate | Net | VAT | Gross")
        self.assertEqual(
            words[start + 1 : start + 4],
            ["A 20% | 8.33 | 1.67 | 10.00", "B 0% | 2.50 | 0.00 | 2.50", "Total | 10.83 | 1.67 | 12.50"],
        )
        self.assertIn("1 × Cookie · B | 2.50", words)

    def test_goods_outside_of_every_tax_have_a_row_without_letter(self):
        voucher = self.product("Voucher", 5.0, self.env["account.tax"])
        self.env.cr.flush()
        receipt = self.receipt(self.sold(self.line(self.menu.pizza), self.line(voucher)))
        self.assertIn("No VAT | 5.00 | 0.00 | 5.00", self.words(receipt))
        self.assertIn("1 × Voucher | 5.00", self.words(receipt))

    def test_discounts_lead_from_the_menu_to_the_total(self):
        discounts = [{"id": uuid7(), "discount_id": self.tenth.fynlo_uuid}]
        order = self.place(self.line(self.menu.pizza, "2"), discounts=discounts, identity=self.identity(self.manager))
        words = self.words(self.receipt(self.pay(order)))
        start = words.index("Subtotal | 20.00")
        self.assertEqual(words[start + 1 : start + 3], ["Ten percent | -2.00", "Total | £18.00"])

    def test_a_part_payment_leaves_a_bill(self):
        order = self.place(self.line(self.menu.pizza))
        self.pay(order, 400)
        receipt = self.receipt(order)
        self.assertEqual(receipt["kind"], "bill")
        self.assertIn("Still to pay | £6.00", self.words(receipt))

    def test_above_the_limit_a_guest_gets_a_full_invoice(self):
        order = self.place(self.line(self.menu.pizza, "25"))
        self.assertEqual(self.receipt(self.pay(order))["tax_document"], "simplified_invoice")
        order = self.place(self.line(self.menu.pizza, "26"))
        receipt = self.receipt(self.pay(order))
        self.assertEqual(receipt["tax_document"], "modified_invoice")
        self.assertIn("For a full VAT invoice give us your name and address.", self.words(receipt))
        guest = self.env["res.partner"].create(
            {"name": "Acme Ltd", "street": "1 High Street", "city": "Leeds", "company_id": self.company.id}
        )
        order = self.place(self.line(self.menu.pizza, "26"))
        order = self.edit(order, {"type": "set_customer", "customer_id": guest.fynlo_uuid})
        receipt = self.receipt(self.pay(order))
        words = self.words(receipt)
        self.assertEqual(receipt["tax_document"], "invoice")
        for row in ("VAT invoice", "Customer | Acme Ltd", " | 1 High Street", "net 216.67, VAT 20% | "):
            self.assertIn(row, words)

    def test_a_refund_is_a_credit_note_that_names_its_sale(self):
        sale = self.sold(self.line(self.menu.pizza))
        refund = self.sold(self.line(self.menu.pizza))
        self._turn_round(refund, sale)
        note = self.receipt(refund)
        self.assertEqual((note["kind"], note["tax_document"]), ("refund", "credit_note"))
        self.assertEqual(note["refund_of"], [sale["number"]])
        words = self.words(note)
        for row in ("VAT credit note", f"Refund of | {sale['number']}", "-1 × Margherita · A | -10.00"):
            self.assertIn(row, words)
        self.assertIn("Refunded | £10.00", words)
        self.assertIn("A 20% | -8.33 | -1.67 | -10.00", words)

    def test_a_receipt_tells_what_was_given_back_later(self):
        sale, refund = self.sold(self.line(self.menu.pizza)), self.sold(self.line(self.menu.pizza))
        self._turn_round(refund, sale)
        self.env.cr.execute("UPDATE pos_order SET fynlo_payment_state = 'refunded' WHERE uuid = %s", (sale["id"],))
        (back,) = self.receipt(sale)["refunds"]
        self.assertEqual((back["number"], back["amount"]), (refund["number"], self.gbp(1000)))
        (row,) = [row for row in self.words(self.receipt(sale)) if row.startswith("Refunded")]
        self.assertTrue(row.endswith(f", {refund['number']} | -£10.00"), row)

    def _turn_round(self, order, sale):
        """Make the rows of ``order`` those of a refund of ``sale``, as Odoo links them."""
        self.env.flush_all()
        self.env.cr.execute(
            """UPDATE pos_order_line line
                  SET qty = -line.qty, price_subtotal = -line.price_subtotal,
                      price_subtotal_incl = -line.price_subtotal_incl, refunded_orderline_id = sold.id,
                      fynlo_taxes = (SELECT jsonb_agg(jsonb_build_array(tax -> 0, tax -> 1, -(tax ->> 2)::int))
                                       FROM jsonb_array_elements(line.fynlo_taxes) tax)
                 FROM pos_order placed, pos_order_line sold JOIN pos_order origin ON origin.id = sold.order_id
                WHERE placed.id = line.order_id AND placed.uuid = %s AND origin.uuid = %s""",
            (order["id"], sale["id"]),
        )
        self.env.cr.execute(
            """UPDATE pos_order SET amount_total = -amount_total, amount_tax = -amount_tax, amount_paid = -amount_paid
                WHERE uuid = %s""",
            (order["id"],),
        )
        self.env.invalidate_all()

    def test_a_paid_receipt_is_printed_as_original_once(self):
        order = self.place(self.line(self.menu.pizza))
        self.assertEqual(self.print(order)["kind"], "bill")
        self.pay(order)
        self.assertEqual([(made["kind"], made["copy"]) for made in (self.print(order), self.print(order))],
                         [("receipt", 0), ("receipt", 1)])  # fmt: skip

    def test_sales_tax_comes_on_top_by_name(self):
        self.company.partner_id.write({"country_id": self.env.ref("base.us").id, "zip": "97201", "city": "Portland"})
        self.location.fynlo_time_zone = "America/Los_Angeles"
        state = self._tax(self.company, "State tax 6.25%", 6.25, price_include_override="tax_excluded")
        county = self._tax(self.company, "County tax", 1, price_include_override="tax_excluded")
        burger = self.product("Burger", 10.0, state | county)
        self.env.cr.flush()
        self.location.fynlo_tip_suggestions = "20"
        order = self.place(self.line(burger, "3"))
        bill = self.receipt(order)
        self.assertEqual(bill["tip_suggestions"], [{"rate_bp": 2000, "amount": self.gbp(600)}])
        receipt = self.receipt(self.pay(order))
        self.assertEqual((receipt["tax_regime"], receipt["tax_document"]), ("sales_tax", None))
        words = self.words(receipt)
        start = words.index("Subtotal | 30.00")
        self.assertEqual(
            words[start + 1 : start + 4], ["State tax 6.25% | 1.88", "County tax 1% | 0.30", "Total | £32.18"]
        )
        self.assertNotIn("VAT", " ".join(words).replace(receipt["link"]["url"], ""))
        self.assertTrue(any("PST" in row or "PDT" in row for row in words))

    def test_the_service_charge_has_its_tax(self):
        vat = self.menu.pizza.taxes_id
        service = self.product("Service", 0.0, vat)
        self.location.write(
            {"fynlo_service_charge_bp": 1250, "fynlo_service_charge_guests": 0, "fynlo_service_product_id": service.id}
        )
        self.env.cr.flush()
        receipt = self.receipt(self.sold(self.line(self.menu.pizza, "2"), guests=2))
        words = self.words(receipt)
        self.assertIn("Service charge | 2.50", words)
        self.assertIn("A 20% | 18.75 | 3.75 | 22.50", words)

    def test_a_receipt_is_in_the_language_of_the_guest(self):
        guest = self.env["res.partner"].create({"name": "Zoë", "company_id": self.company.id, "lang": False})
        order = self.place(self.line(self.menu.pizza))
        order = self.edit(order, {"type": "set_customer", "customer_id": guest.fynlo_uuid})
        self.pay(order)
        self.env["res.lang"]._activate_lang("fr_FR")
        self.location.fynlo_receipt_lang = "fr_FR"
        receipt = self.receipt(order)
        self.assertEqual(receipt["language"], "fr_FR")
        self.assertTrue([row for row in self.words(receipt) if row.endswith("10,00")])
        guest.lang = "en_US"
        self.env.flush_all()
        self.assertEqual(self.receipt(order)["language"], "en_US")

    def test_a_long_receipt_in_every_script(self):
        names = ("بيتزا (كبيرة) 12", "Crème brûlée 🍮", "שניצל", "カレーライス", "Борщ <b>", "m" * 120)
        products = [self.product(name, 4.2, self.menu.pizza.taxes_id) for name in names]
        self.env.cr.flush()
        order = self.sold(*[self.line(product) for product in products * 10])
        receipts, document = self.env["fynlo.receipt"], self.receipt(order)
        page = receipts._html(document, self.location.id)
        self.assertIn("بيتزا (كبيرة) 12", page)
        self.assertIn("🍮", page)
        self.assertIn("Борщ &lt;b&gt;", page)
        self.assertTrue(receipts._pdf(document, self.location.id).startswith(b"%PDF"))

    def test_other_currencies_have_their_own_places(self):
        """A currency of three places keeps them on paper."""
        dinar = self.env["res.currency"].with_context(active_test=False).search([("name", "=", "KWD")])
        dinar.active = True
        company = self.env["res.company"].create({"name": f"Kuwait {uuid7()}", "currency_id": dinar.id})
        self.env.user.company_ids |= company
        self.env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
        company.write({"currency_id": dinar.id, "tax_calculation_rounding_method": "round_per_line"})
        location = (
            self.env["pos.config"]
            .with_company(company)
            .create({"name": "Souk", "company_id": company.id, "payment_method_ids": [Command.clear()]})
        )
        self.assertIn("KWD\xa0", location.fynlo_receipt_preview)
        self.assertIn(".000", location.fynlo_receipt_preview)

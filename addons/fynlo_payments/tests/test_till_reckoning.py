"""Reconciling a till session in the back office: takings, drawer, over and short, what came late."""

from datetime import UTC, datetime, timedelta

from odoo.tests import Form, tagged

from .trading_day import TradingDay

NOTES = [{"value": 1000, "count": 11}, {"value": 500, "count": 2}, {"value": 50, "count": 0}]
DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestTillReckoning(TradingDay):
    def seen(self):
        """The session as its manager sees it."""
        self.env.flush_all()
        self.env.invalidate_all()
        return self.session().with_user(self.manager.user_id)

    def sell(self, quantity="1", tip=0, **values):
        order = self.place(self.line(self.menu.pizza, quantity), **values)
        due = order["totals"]["due"]["amount"]
        self.pay(order, due, tip=self.gbp(tip), tendered=-(-(due + tip) // 2000) * 2000, complete=True)
        return order

    def over_short(self):
        self.env.flush_all()
        rows = self.env["fynlo.over.short"].with_user(self.manager.user_id)
        return rows.search([("session_id", "=", self.session().id)])

    def test_takings_are_those_of_the_drawer(self):
        self.sell(tip=150)
        self.sell("2")
        self.pay(self.place(self.line(self.menu.pizza)), 400)
        (cash,) = self.seen()._fynlo_takings()
        figures = {name: cash[name] for name in ("count", "taken", "tips", "refunded", "net")}
        self.assertEqual(figures, {"count": 3, "taken": 3550, "tips": 150, "refunded": 0, "net": 3550})
        self.assertEqual(self.seen()._fynlo_expected_cash_minor(), 10000 + cash["net"])

    def test_money_given_back_stands_apart(self):
        order = self.sell()
        self.env.cr.execute("UPDATE pos_order SET amount_total = -amount_total WHERE uuid = %s", (order["id"],))
        self.env.cr.execute("UPDATE pos_payment SET amount = -amount WHERE session_id = %s", (self.session().id,))
        (cash,) = self.seen()._fynlo_takings()
        self.assertEqual((cash["taken"], cash["refunded"], cash["net"]), (0, -1000, -1000))

    def test_the_form_of_a_session_that_is_open_then_closed(self):
        form = Form(self.seen(), view="fynlo_pos_core.till_session_form")
        self.assertIn("Nothing was taken yet", form.fynlo_takings_html)
        self.assertFalse(form.fynlo_verdict)
        self.sell(tip=150)
        self.close(12000, denominations=NOTES, note="Nine pounds too much, nobody knows why")
        form = Form(self.seen(), view="fynlo_pos_core.till_session_form")
        self.assertIn("Cash", form.fynlo_takings_html)
        self.assertIn(self.waiter.name, form.fynlo_people_html)
        self.assertIn(self.device.name, form.fynlo_people_html)
        self.assertIn("£\N{NO-BREAK SPACE}110.00", form.fynlo_drawer_html)
        self.assertEqual((form.fynlo_over_short, form.fynlo_verdict), (8.5, "beyond"))
        self.assertIn("0 of 1 orders", form.fynlo_posting_text)
        self.post()
        self.assertFalse(self.seen().fynlo_posting_text)
        self.assertEqual(self.seen().fynlo_verdict, "beyond")

    def test_posting_that_failed_tells_how_far_it_came(self):
        self.sell()
        self.sell()
        self.close(12000)
        self.session().with_context(fynlo_batch_size=1)._fynlo_step()
        self.session().fynlo_posting_error = "No account for tips"
        self.assertIn("1 of 2 orders added up", self.seen().fynlo_posting_text)
        failed = self.env["fynlo.attention"].with_user(self.manager.user_id).what_waits()
        self.assertEqual([thing["action"] for thing in failed], ["fynlo_pos_core.action_till_sessions"])
        self.seen().action_fynlo_post_again()
        self.assertFalse(self.session().fynlo_posting_error)

    def test_over_and_short_add_up_by_person_and_day(self):
        self.assertFalse(self.over_short())
        self.close(9700)
        row = self.over_short()
        self.assertEqual((row.expected, row.counted, row.over_short, row.verdict), (100.0, 97.0, -3.0, "within"))
        self.till = self.open_till(100)
        self.close(9000, note="A tenner is missing")
        self.assertEqual((self.over_short().verdict, self.over_short().note), ("beyond", "A tenner is missing"))
        self.till = self.open_till(100)
        self.close(10000, employee=self.manager)
        self.assertEqual(self.over_short().verdict, "exact")
        rows = self.env["fynlo.over.short"].with_user(self.manager.user_id)
        groups = rows._read_group([("config_id", "=", self.location.id)], ["employee_id"], ["over_short:sum"])
        self.assertEqual(dict(groups), {self.cashier: -13.0, self.manager: 0.0})
        self.assertEqual(self.over_short().action_open()["res_id"], self.session().id)

    def test_what_arrives_after_closing_is_found_from_its_own_day(self):
        first = self.session()
        first.fynlo_business_date -= DAY
        yesterday = (datetime.now(UTC) - DAY).isoformat()
        in_time = self.place(client_created_at=yesterday)  # late too, but its till was still open
        self.env["fynlo.order.service"]._complete(self.identity(), in_time["id"])
        self.close(10000)
        self.till = self.open_till(100)
        late = self.place(self.line(self.menu.cola), client_created_at=yesterday)
        self.env.flush_all()
        self.assertEqual((first.fynlo_late_count, self.session().fynlo_late_count), (1, 0))
        found = self.env["pos.order"].search(first.action_fynlo_open_late()["domain"])
        self.assertEqual(found.uuid, late["id"])

    def test_it_can_be_printed(self):
        self.sell()
        self.close(11000, denominations=NOTES[:1])
        session = self.seen()
        report = session.action_fynlo_print()
        html, _kind = (
            self.env["ir.actions.report"]
            .with_user(self.manager.user_id)
            ._render_qweb_html(report["report_name"], session.ids)
        )
        for text in (session.name, "Z report", "Takings by method", "Drawer by denomination", "110.00"):
            self.assertIn(text, html.decode())

    def test_a_neighbour_sees_no_session(self):
        self.close(9700)
        elsewhere = self.env["pos.config"].create({"name": "Next door", "payment_method_ids": []})
        neighbour = self.hire("Nora", "manager")
        neighbour.fynlo_location_ids = elsewhere
        for model in ("fynlo.over.short", "pos.session", "fynlo.cash.count"):
            mine = [("config_id", "=", self.location.id)]
            self.assertFalse(self.env[model].with_user(neighbour.user_id).search(mine), model)
            self.assertTrue(self.env[model].with_user(self.manager.user_id).search(mine), model)

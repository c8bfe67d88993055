"""X and Z reports: every figure of a small day, and that the Z report stays as it was."""

from odoo.addons.fynlo_pos_core.controllers.till_report_views import TillReportView
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from .trading_day import TradingDay


@tagged("post_install", "-at_install")
class TestTillReport(TradingDay):
    def report(self, kind="x"):
        report = self.env["fynlo.till.session.service"]._report(self.identity(self.manager), self.till["id"], kind)
        TillReportView.model_validate(report)
        return report

    def sell_a_day(self):
        """A pizza with a tip, a takeaway cookie, a discounted cola, a meal; one order is left open."""
        first = self.place(self.line(self.menu.pizza), guests=2)
        self.pay(first, 1000, tip=self.gbp(150), tendered=2000, complete=True)
        self.sell(self.line(self.menu.cookie, "2"), preset_id=self.takeaway.fynlo_uuid)
        discount = {"id": uuid7(), "discount_id": self.tenth.fynlo_uuid}
        self.sell(self.line(self.menu.cola, "1.5"), discounts=[discount])
        return self.place(self.line(self.menu.pizza))

    def sell(self, *lines, **values):
        order = self.place(*lines, identity=self.identity(self.manager), **values)
        self.pay(order, order["totals"]["due"]["amount"], complete=True)
        return order

    def test_an_x_report_adds_up(self):
        left_open = self.sell_a_day()
        report = self.report()
        self.assertEqual(report["sales"]["gross"], self.gbp(1000 + 500 + 405))
        self.assertEqual(report["sales"]["net"]["amount"] + report["sales"]["tax"]["amount"], 1905)
        by_tax = {section["rate_bp"]: section["gross"]["amount"] for section in report["by_tax"]}
        self.assertEqual(by_tax, {2000: 1405, 0: 500})
        self.assertEqual(sum(section["gross"]["amount"] for section in report["by_category"]), 1905)
        self.assertEqual(report["payments"], [{"method": "Cash", "kind": "cash", "count": 3, "amount": self.gbp(2055)}])
        self.assertEqual(report["tips"], self.gbp(150))
        self.assertEqual(report["discounts"], {"count": 1, "amount": self.gbp(45)})
        orders = report["orders"]
        self.assertEqual((orders["completed"], orders["open"], orders["cancelled"]), (3, 1, 0))
        self.assertEqual(orders["last_number"], left_open["number"])
        self.assertIsNone(report["cash"])

    def test_a_z_report_tells_the_drawer_and_stays(self):
        self.sell(self.line(self.menu.pizza))
        self.close(10900, note="")
        report = self.report("z")
        self.assertEqual(report["number"], 1)
        cash = {name: report["cash"][name] for name in ("expected", "counted", "over_short")}
        self.assertEqual(cash, {"expected": self.gbp(11000), "counted": self.gbp(10900), "over_short": self.gbp(-100)})
        self.post()
        self.menu.pizza.with_context(lang=None).name = "Renamed"
        self.assertEqual(self.report("z"), report)

    def test_the_number_of_queries_does_not_grow_with_the_orders(self):
        self.sell(self.line(self.menu.pizza))
        self.report()
        identity = self.identity(self.manager)
        service, session_id = self.env["fynlo.till.session.service"], self.till["id"]
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        service._report(identity, session_id, "x")
        few = self.cr.sql_log_count - before
        for _ in range(5):
            self.sell(self.line(self.menu.pizza))
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        service._report(identity, session_id, "x")
        self.assertLessEqual(self.cr.sql_log_count - before, few)

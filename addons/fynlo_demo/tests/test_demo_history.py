"""The past year: a slice of it, stopped and taken up again."""

from contextlib import suppress
from datetime import date
from itertools import islice
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tests.common import use_test_settings
from odoo.tests import TransactionCase, tagged

from ..tools import past_service

DAYS = 3


class Stopped(Exception):
    """The run was killed here."""


@tagged("post_install", "-at_install")
class TestDemoHistory(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        use_test_settings(cls)
        cls.env["fynlo.demo"]._build()
        cls.services = [service for _day, services in islice(past_service.days(), DAYS) for service in services]
        cls.history = cls.env["fynlo.demo.history"]

    def setUp(self):
        super().setUp()
        # a test's own transaction cannot be committed; each day's work is kept all the same
        self.enterContext(patch.object(type(self.history), "_keep", lambda history: history.env.invalidate_all()))

    def _orders(self):
        return self.env["pos.order"].search([("uuid", "in", [service.uuid for service in self.services])])

    def test_a_slice(self):
        self.assertEqual(self.history._load(DAYS)["orders"], len(self.services))
        orders = self._orders()
        self.assertEqual(len(orders), len(self.services))
        by_uuid = {order.uuid: order for order in orders}
        for service in self.services:
            order = by_uuid[service.uuid]
            self.assertEqual(len(order.lines), len(service.order.pizzas))
            self.assertEqual(order.fynlo_business_date, service.order.local_time.date())
            self.assertEqual(order.config_id.name, service.location)
            self.assertEqual((order.state, order.fynlo_payment_state), ("done", "paid"))
            self.assertEqual((order.session_id.state, order.session_id.config_id), ("closed", order.config_id))
            self.assertAlmostEqual(order.amount_total, sum(order.lines.mapped("price_subtotal_incl")))
            self.assertAlmostEqual(order.amount_total, sum(order.payment_ids.mapped("amount")))
            self.assertEqual(order.payment_ids.payment_method_id.is_cash_count, service.tender == "cash")

    def test_amounts_are_those_of_odoo_s_engine(self):
        self.history._load(DAYS)
        for line in self._orders().lines:
            engine = line._compute_amount_line_all()
            self.assertAlmostEqual(line.price_subtotal_incl, engine["price_subtotal_incl"])
            self.assertAlmostEqual(line.price_subtotal, engine["price_subtotal"])
        for order in self._orders():
            tax = sum(line.price_subtotal_incl - line.price_subtotal for line in order.lines)
            self.assertAlmostEqual(order.amount_tax, tax)

    def test_stopped_half_way_and_taken_up_again(self):
        self._forget()
        write = type(self.history)._load_day
        done = []

        def write_two_days(history, day, services, locations):
            if len(done) == DAYS - 1:
                raise Stopped
            done.append(day)
            return write(history, day, services, locations)

        # Odoo's assertRaises would undo what was written before
        with patch.object(type(self.history), "_load_day", write_two_days), suppress(Stopped):
            self.history._load(DAYS)
        kept = self._orders()
        self.assertEqual(set(kept.mapped("fynlo_business_date")), set(done))
        again = self.history._load(DAYS)
        self.assertEqual(again["new"], len(self.services) - len(kept))
        self.assertEqual(len(self._orders()), len(self.services))
        self.assertEqual(self.history._load(DAYS)["new"], 0)
        self.assertEqual(len(self._orders()), len(self.services))

    def _forget(self):
        """Take the slice away, in case the database has the history loaded."""
        self.env.cr.execute(
            "DELETE FROM pos_payment WHERE pos_order_id = ANY(%(ids)s); DELETE FROM pos_order WHERE id = ANY(%(ids)s)",
            {"ids": self._orders().ids},
        )
        self.env.invalidate_all()

    def test_summer_time(self):
        location = self.env["pos.config"].search([("name", "=", "Soho"), ("company_id.name", "=", "Fynlo Pizza")])
        self.assertEqual(location.fynlo_time_zone, "Europe/London")
        by_day = dict(past_service.days())
        winter, summer = by_day[date(2026, 3, 28)][0], by_day[date(2026, 3, 29)][0]
        place = self.history._locations()[location.name]
        self.assertEqual(place._moment(winter), winter.order.local_time)
        self.assertEqual((summer.order.local_time - place._moment(summer)).total_seconds(), 3600)

"""The data of the demo: what its description promises."""

from datetime import datetime
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..tools import card, past_service, pizzaplace


@tagged("post_install", "-at_install")
class TestPizzaplace(BaseCase):
    def test_the_menu(self):
        prices = pizzaplace.prices()
        self.assertEqual(len(prices), 32)
        self.assertEqual(sum(map(len, prices.values())), 91)
        self.assertEqual(list(prices["the_greek"]), ["S", "M", "L", "XL", "XXL"])
        self.assertEqual(prices["the_greek"]["XXL"], Decimal("35.95"))
        self.assertEqual(set(prices), set(card.PIZZAS))

    def test_the_orders(self):
        prices = pizzaplace.prices()
        orders = list(pizzaplace.orders())
        self.assertEqual(len(orders), 21_350)
        self.assertEqual(sum(len(order.pizzas) for order in orders), 49_574)
        revenue = sum(prices[name][size] for order in orders for name, size in order.pizzas)
        self.assertEqual(revenue, Decimal("817860.05"))
        self.assertEqual(orders[0].local_time, datetime(2025, 11, 20, 11, 38, 36))
        self.assertEqual(orders[0].local_time.strftime("%A"), "Thursday")

    def test_what_is_drawn_is_drawn_the_same_again(self):
        services = [service for _day, services in past_service.days() for service in services]
        self.assertEqual(services, [past_service.serve(service.order) for service in services])
        self.assertEqual(len({service.uuid for service in services}), 21_350)
        self.assertEqual(len({service.number for service in services}), 21_350)
        shares = {
            "Soho": sum(service.location == "Soho" for service in services),
            "takeaway": sum(service.kind == "takeaway" for service in services),
            "cash": sum(service.tender == "cash" for service in services),
        }
        for name, percent in (("Soho", 58), ("takeaway", 35), ("cash", 22)):
            self.assertAlmostEqual(shares[name] / 21_350, percent / 100, delta=0.02, msg=name)

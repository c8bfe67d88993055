"""Any sequence of splits and merges: every line is somewhere exactly once, and the bills come to the same sum."""

from datetime import date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from odoo.tests import BaseCase, tagged

from ..engine.bill_merging import Merging
from ..engine.bill_parting import Parting, PartWish, Portion
from ..engine.bill_shares import BillShares, Share
from ..engine.facts import LocationFacts, ServiceChargeFacts
from ..engine.order import AppliedDiscount, Line, Order, ServiceCharge
from ..engine.pricing import price_order
from ..rest import Problem
from ..tools.identifiers import uuid7
from ..tools.tax_mirror import TaxRule
from . import property_settings  # noqa: F401 - loads the settings

MOMENT = datetime(2026, 11, 24, 12, 0)
VAT = TaxRule(1, "vat", "percent", 20.0, True)
FACTS = LocationFacts(
    version=1,
    location_id=1,
    location_uuid="l",
    company_id=1,
    currency_id=1,
    currency="GBP",
    digits=2,
    time_zone="Europe/London",
    day_start=240,
    taxes={1: VAT},
    service_charge=ServiceChargeFacts(rate_bp=1250, guests=4, product_id=1, name="Service", tax_ids=(1,)),
)

prices = st.integers(0, 5000)
quantities = st.integers(1, 7)
lines = st.lists(st.tuples(prices, quantities, st.integers(0, 7)), min_size=1, max_size=6)
line_discounts = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["percent", "amount"]), st.integers(1, 9999)), max_size=2
)
order_discounts = st.lists(st.tuples(st.sampled_from(["percent", "amount"]), st.integers(1, 9999)), max_size=3)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("split"), st.integers(0, 9), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 7)), min_size=1, max_size=4)),
        st.tuples(st.just("merge"), st.integers(0, 9), st.integers(0, 9)),
    ),
    max_size=8,
)  # fmt: skip


def order_of(wishes, of_lines, of_order, guests, declined):
    """A priced order of these lines and discounts."""
    order = Order(
        uuid=uuid7(),
        number="T1-000001",
        preset_id=None,
        business_date=date(2026, 11, 24),
        client_created_at=MOMENT,
        created_at=MOMENT,
        updated_at=MOMENT,
        created_by={"id": "e", "name": "Wendy"},
        device_uuid=None,
        catalogue_version=1,
        guests=guests,
        service=ServiceCharge(1250, {"reason": "no"} if declined else None),
    )
    for price, quantity, sent in wishes:
        order.lines.append(_line(price, quantity, min(sent, quantity)))
    given = [(order.lines[place % len(order.lines)].uuid, kind, value) for place, kind, value in of_lines]
    given += [(None, kind, value) for kind, value in of_order]
    order.discounts = [_discount(line_uuid, kind, value) for line_uuid, kind, value in given]
    return price_order(order, FACTS)


def _line(price, quantity, sent):
    return Line(
        uuid=uuid7(),
        variant_id=1,
        variant_uuid="v",
        product_uuid="p",
        name=uuid7(),  # what it is, whatever line it is cut into
        quantity=Decimal(quantity),
        unit_price=price,
        base_price=price,
        tax_ids=(1,),
        catalogue_version=1,
        sent_quantity=Decimal(sent),
    )


def _discount(line_uuid, kind, value):
    return AppliedDiscount(uuid7(), "D", "Less", kind, value if kind == "percent" else 0, value, line_uuid)


def contents(orders):
    """How much of what there is on all bills, and how much of it the kitchen has."""
    found = {}
    for order in orders:
        for line in order.active_lines:
            quantity, sent = found.get(line.name, (0, 0))
            found[line.name] = (quantity + line.quantity, sent + line.sent_quantity)
    return found


@tagged("post_install", "-at_install")
class TestBills(BaseCase):
    @given(lines, line_discounts, order_discounts, st.integers(0, 8), st.booleans(), steps)
    def test_splits_and_merges_keep_everything(self, wishes, of_lines, of_order, guests, declined, moves):
        orders = [order_of(wishes, of_lines, of_order, guests, declined)]
        had, total, guests = contents(orders), orders[0].total, orders[0].guests
        for move in moves:
            orders = self.step(orders, move)
            self.assertEqual(contents(orders), had)
            uuids = [line.uuid for order in orders for line in order.lines]
            self.assertEqual(len(set(uuids)), len(uuids))
            self.assertEqual(sum(order.total for order in orders), total, move)
            self.assertEqual(sum(order.guests for order in orders), guests)
            for order in orders:
                self.assertEqual(order.total, sum(line.total for line in order.lines) + order.service.total)
                self.assertTrue(all(0 <= line.sent_quantity <= line.quantity for line in order.active_lines))

    def step(self, orders, move):
        name, place, wish = move
        order = orders[place % len(orders)]
        if name == "split":
            portions = self.portions(order, wish)
            try:
                parts = Parting(order, FACTS, MOMENT).part([PartWish(uuid7(), portions)], None)
            except Problem as problem:
                self.assertEqual(problem.code, "nothing_left")
                raise AssertionError("the portions always leave something") from problem
            return [*orders, *(part.order for part in parts)] if portions else orders
        other = orders[wish % len(orders)]
        if other is not order:
            Merging(order, [other], FACTS).merge(None)
            self.assertEqual((other.lines, other.total), ([], 0))
            orders = [one for one in orders if one is not other]
        return orders

    def portions(self, order, wish):
        """Portions that leave something on the order: never anything of its first line but all of the last piece."""
        active, wanted = order.active_lines[1:], {}
        for place, quantity in wish:
            if active:
                line = active[place % len(active)]
                wanted[line.uuid] = Portion(line.uuid, Decimal(max(1, quantity % (int(line.quantity) + 1))))
        return list(wanted.values())

    @given(
        st.integers(1, 10**7),
        st.lists(st.integers(1, 9999), min_size=1, max_size=8),
        st.lists(st.tuples(st.integers(0, 7), st.integers(1, 10**6), st.integers(-(10**6), 10**6)), max_size=10),
    )
    def test_open_shares_are_always_due_what_the_order_is(self, due, weights, events):
        shares = BillShares("amount", [Share(str(place), weight) for place, weight in enumerate(weights)])
        shares.level(due)
        for place, payment, change in events:
            share = shares.shares[place % len(weights)]
            paid = min(payment, share.due)
            share.paid, due = share.paid + paid, max(0, due - paid + change)
            before = {one.uuid: one.paid for one in shares.shares}
            shares.level(due)
            self.assertEqual({one.uuid: one.paid for one in shares.shares}, before)
            if shares.open:
                self.assertEqual(sum(one.due for one in shares.open), due)
            self.assertTrue(all(one.due >= 0 for one in shares.shares))
            self.assertEqual(BillShares.from_stored(shares.stored()), shares)

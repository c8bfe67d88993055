"""The arithmetic of refunds: whatever the pieces, together they come to what was paid, and never to more."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from odoo.tests import TransactionCase, tagged

from ..engine import refund
from ..engine.facts import LocationFacts
from ..rest import Problem
from ..tools.money import to_major
from ..tools.tax_mirror import TaxRule, tax_line

TAXES = {
    1: TaxRule(1, "vat", "percent", 20.0, True),
    2: TaxRule(2, "state", "percent", 8.25, False),
    3: TaxRule(3, "city", "percent", 4.5, False, sequence=2),
}
TAX_SETS = ((), (1,), (2,), (2, 3))

PRICES = st.integers(1, 5000)
QUANTITIES = st.sampled_from([Decimal(text) for text in ("1", "2", "3", "7", "0.25", "1.5", "0.333")])
ROWS = st.lists(st.tuples(PRICES, QUANTITIES, st.integers(0, 60), st.sampled_from(TAX_SETS)), min_size=1, max_size=4)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("line"), st.integers(0, 3), st.integers(1, 100)),
        st.tuples(st.just("amount"), st.just(0), st.integers(1, 100)),
        st.tuples(st.just("tip"), st.just(0), st.integers(1, 100)),
    ),
    max_size=8,
)


@tagged("post_install", "-at_install")
class TestRefundEngine(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.facts = LocationFacts(
            version=1, location_id=1, location_uuid="l", company_id=1, currency_id=1, currency="GBP", digits=2,
            time_zone="Europe/London", day_start=0, taxes=TAXES,
        )  # fmt: skip

    def sold(self, rows, tip=0, service=0):
        """An order's rows: (unit price, quantity, discount in percent, taxes), a tip and a service charge."""
        sold = []
        for place, (price, quantity, percent, tax_ids) in enumerate(rows):
            rules = tuple(TAXES[tax_id] for tax_id in tax_ids)
            taxed = tax_line(to_major(price, 2), float(quantity), float(percent), rules, 2)
            sold.append(self.row(place, "item", quantity, price, taxed.included, tax_ids))
        sold.append(self.row(90, "service", Decimal(1), service, service, ()))
        sold.append(self.row(91, "tip", Decimal(1), tip, tip, ()))
        return sold

    def row(self, row_id, kind, quantity, price, total, tax_ids):
        return refund.Sold(row_id, str(row_id), kind, row_id, f"row {row_id}", quantity, price, total, tax_ids)

    def give_back(self, sold, pieces):
        """Apply pieces as the order's rows keep them; the amount that went back."""
        rows = refund.returned_rows(pieces, self.facts)
        for row in rows:
            row.sold.refunded += row.total
            row.sold.returned += 0 if row.allowance else row.quantity
        self.assertEqual(sum(row.total for row in rows), sum(piece.amount for piece in pieces))
        return sum(row.total for row in rows)

    def pieces(self, sold, act):
        kind, place, percent = act
        if kind == "line":
            row = sold[place % (len(sold) - 2)]
            quantity = (row.quantity_left * percent / 100).quantize(Decimal("0.001"))
            return refund.pieces_of_lines(sold, [(row.uuid, quantity, False)])
        left = sum(row.left for row in sold if (row.kind == "tip") == (kind == "tip"))
        amount = left * percent // 100
        return (refund.pieces_of_tip if kind == "tip" else refund.pieces_of_bill_first)(sold, amount)

    @given(rows=ROWS, tip=st.integers(0, 500), service=st.integers(0, 700), acts=ACTS)
    def test_pieces_come_to_the_whole(self, rows, tip, service, acts):
        sold = self.sold(rows, tip, service)
        paid, back = sum(row.total for row in sold), 0
        for act in acts:
            try:
                back += self.give_back(sold, self.pieces(sold, act))
            except Problem as problem:
                self.assertIn(problem.code, ("nothing_to_refund", "refund_exceeds_paid"))
            for row in sold:
                self.assertTrue(0 <= row.refunded <= row.total and row.returned <= row.quantity, row)
        if back < paid:
            back += self.give_back(sold, refund.pieces_of_all(sold))
        self.assertEqual(back, paid)
        self.assertEqual({row.left for row in sold}, {0})
        with self.assertRaises(Problem):
            self.give_back(sold, refund.pieces_of_all(sold))

    @given(rows=ROWS, amount=st.integers(1, 20_000))
    def test_more_than_is_left_is_refused(self, rows, amount):
        sold = self.sold(rows)
        whole = sum(row.total for row in sold)
        if amount > whole:
            with self.assertRaises(Problem) as refused:
                refund.pieces_of_amount(sold, amount)
            self.assertEqual(refused.exception.code, "refund_exceeds_paid")

    def test_a_penny_that_no_taxed_amount_reaches(self):
        """£1.04 with 8.25 % on top is £1.13 and £1.03 is £1.11: £1.12 takes a penny apart."""
        sold = self.sold([(1000, Decimal(1), 0, (2,))])
        rows = refund.returned_rows(refund.pieces_of_amount(sold, 112), self.facts)
        self.assertEqual([(row.taxed.excluded, row.total) for row in rows], [(103, 111), (1, 1)])

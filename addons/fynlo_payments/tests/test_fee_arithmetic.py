"""The arithmetic of fees and tips: the worked table of the specification, and what holds for every amount."""

from hypothesis import given, settings
from hypothesis import strategies as st
from odoo.addons.fynlo_pos_core.tools.money import split
from odoo.tests import BaseCase, tagged

from ..fees.charge import Limit, Terms, absorb, discount, pass_on
from ..fees.returned import fee_line_back, platform_fee_back
from ..fees.rounding import half_up
from ..fees.tips import for_each, suggested_tip

BANK = Terms(2_000, 0, 10_000)
CARD = Terms(29_000, 30, 10_000)
DINAR = Terms(29_000, 100, 10_000)
CASH = Terms()

#: terms, bill, tip | absorbed: provider, Fynlo, net | passed on: charge, fee line, provider, Fynlo, net
TABLE = {
    "1p": (CARD, 1, 0, 30, 0, -29, 32, 31, 31, 0, 1),
    "49p": (BANK, 49, 0, 0, 0, 49, 49, 0, 0, 0, 49),
    "50p": (BANK, 50, 0, 0, 1, 49, 51, 1, 0, 1, 50),
    "£2.50": (CARD, 250, 0, 37, 3, 210, 291, 41, 38, 3, 250),
    "£12.34 bank": (BANK, 1234, 0, 2, 12, 1220, 1248, 14, 2, 12, 1234),
    "£12.34 card": (CARD, 1234, 0, 66, 12, 1156, 1314, 80, 68, 12, 1234),
    "£100.00": (CARD, 10000, 0, 320, 100, 9580, 10433, 433, 333, 100, 10000),
    "£250.00": (BANK, 25000, 0, 50, 250, 24700, 25301, 301, 51, 250, 25000),
    "£999,999.99": (BANK, 99999999, 0, 200000, 1000000, 98799999, 101202404, 1202405, 202405, 1000000, 99999999),
    "£40 + 10% bank": (BANK, 4000, 400, 9, 40, 4351, 4449, 49, 9, 40, 4400),
    "£40 + 10% card": (CARD, 4000, 400, 158, 40, 4202, 4603, 203, 163, 40, 4400),
    "$50 + 20%": (CARD, 5000, 1000, 204, 50, 5746, 6262, 262, 212, 50, 6000),
    "$20.00": (CARD, 2000, 0, 88, 20, 1892, 2111, 111, 91, 20, 2000),
    "¥1,000": (CARD, 1000, 0, 59, 10, 931, 1071, 71, 61, 10, 1000),
    "KWD 1.235": (DINAR, 1235, 0, 136, 12, 1087, 1387, 152, 140, 12, 1235),
}
#: legs as (terms, weight) | fees of all legs | charges when passed on
SPLITS = (
    (10000, [(CARD, 1)], 420, [10433]),
    (10000, [(CARD, 1), (CARD, 1)], 450, [5232, 5232]),
    (10000, [(CARD, 1)] * 3, 480, [3498, 3497, 3497]),
    (10000, [(BANK, 60), (CARD, 40)], 258, [6072, 4192]),
    (10000, [(CASH, 20), (BANK, 30), (CARD, 50)], 261, [2000, 3036, 5232]),
)
#: charged, fee, refunds → what of the fee goes back with each
FEES_BACK = (
    (1000, 10, [1000], [10]),
    (1000, 10, [333, 333, 334], [3, 4, 3]),
    (999, 10, [100] * 9 + [99], [1] * 10),
    (10000, 100, [1, 1, 1], [0, 0, 0]),
    (10433, 100, [5217, 5216], [50, 50]),
    (1, 0, [1], [0]),
)
#: net, tax → 5/10/20 % of the net | of the gross
TIPS = (
    (1000, 200, [50, 100, 200], [60, 120, 240]),
    (1234, 247, [62, 123, 247], [74, 148, 296]),
    (999, 80, [50, 100, 200], [54, 108, 216]),
    (833, 167, [42, 83, 167], [50, 100, 200]),
    (1, 0, [0, 0, 0], [0, 0, 0]),
)
AMOUNTS = st.integers(0, 99_999_999)
TERMS = st.builds(Terms, st.integers(0, 300_000), st.integers(0, 500), st.integers(0, 100_000))


@tagged("post_install", "-at_install")
class TestWorkedTable(BaseCase):
    def test_each_row(self):
        for name, (terms, bill, tip, *expected) in TABLE.items():
            with self.subTest(name):
                borne, passed = absorb(terms, bill, tip), pass_on(terms, bill, tip)
                told = [borne.provider_fee, borne.platform_fee, borne.net, passed.charge, passed.fee_line]
                self.assertEqual([*told, passed.provider_fee, passed.platform_fee, passed.net], expected)
                self.assertEqual((borne.charge, borne.fee_line), (bill + tip, 0))

    def test_split_bills(self):
        for bill, legs, fees, charges in SPLITS:
            with self.subTest(str(charges)):
                parts = split(bill, [weight for _, weight in legs])
                paid = [(terms, part) for (terms, _), part in zip(legs, parts, strict=True)]
                borne = [absorb(terms, part) for terms, part in paid]
                self.assertEqual(sum(quote.cost for quote in borne), fees)
                self.assertEqual([pass_on(terms, part).charge for terms, part in paid], charges)

    def test_fees_that_go_back(self):
        for charged, fee, refunds, expected in FEES_BACK:
            with self.subTest(f"{charged} {refunds}"):
                self.assertEqual(_returns(charged, fee, refunds), expected)
        self.assertEqual(2500 + fee_line_back(433, 10000, 2500), 2608)
        self.assertEqual(10000 + fee_line_back(433, 10000, 10000), 10433)

    def test_tips(self):
        for net, tax, of_net, of_gross in TIPS:
            with self.subTest(f"{net} + {tax}"):
                for with_tax, expected in ((False, of_net), (True, of_gross)):
                    told = [suggested_tip(net, tax, rate, with_tax=with_tax) for rate in (500, 1000, 2000)]
                    self.assertEqual(told, expected)
        self.assertEqual(for_each(10000, 3), [3334, 3333, 3333])

    def test_halves_go_up(self):
        self.assertEqual([half_up(x, 10_000, 1_000_000) for x in (50, 250, 450, 1250)], [1, 3, 5, 13])

    def test_limits_of_the_law(self):
        """In the US $20.00 would cost the guest 5.55 % more; the cap and the provider's cost stop that."""
        capped = pass_on(CARD, 2000, 0, Limit(cap_bps=300))
        self.assertEqual((capped.fee_line, capped.charge, capped.cost), (60, 2060, 50))
        self.assertEqual(pass_on(CARD, 2000, 0, Limit()).fee_line, 91)
        self.assertEqual(pass_on(CARD, 2000, 0, Limit(cap_bps=0)), absorb(CARD, 2000))

    def test_nonsense_is_refused(self):
        for broken in (lambda: absorb(CARD, -1), lambda: pass_on(CARD, 1, -1), lambda: Terms(1_000_000)):
            self.assertRaises(ValueError, broken)
        self.assertEqual(pass_on(CARD, 0).charge, 0)
        self.assertEqual(discount(1999, 150), 30)


def _returns(charged, fee, refunds):
    back, gone = [], 0
    for amount in refunds:
        gone += amount
        back.append(platform_fee_back(fee, charged, gone, sum(back)))
    return back


@tagged("post_install", "-at_install")
class TestEveryAmount(BaseCase):
    @settings(max_examples=300, deadline=None)
    @given(TERMS, AMOUNTS, st.integers(0, 1_000_000))
    def test_the_charge_is_the_smallest_that_suffices(self, terms, bill, tip):
        quote = pass_on(terms, bill, tip)
        owed = quote.platform_fee
        self.assertGreaterEqual(quote.net, bill + tip if bill + tip else 0)
        if quote.charge:
            below = quote.charge - 1
            self.assertLess(below - terms.provider_fee(below) - owed, bill + tip)

    @settings(max_examples=300, deadline=None)
    @given(TERMS, AMOUNTS, st.integers(0, 1_000_000), st.integers(0, 500))
    def test_the_law_is_never_exceeded(self, terms, bill, tip, cap):
        quote = pass_on(terms, bill, tip, Limit(cap_bps=cap))
        self.assertLessEqual(quote.fee_line * 10_000, (bill + tip) * cap)
        self.assertLessEqual(quote.fee_line, quote.provider_fee)
        self.assertEqual(quote.net + quote.cost, bill + tip)

    @settings(max_examples=300, deadline=None)
    @given(AMOUNTS, st.lists(st.integers(0, 10_000), min_size=1, max_size=20).filter(any))
    def test_shares_add_up(self, amount, weights):
        parts = split(amount, weights)
        self.assertEqual(sum(parts), amount)
        for part, weight in zip(parts, weights, strict=True):
            self.assertLess(abs(part * sum(weights) - amount * weight), sum(weights))

    @settings(max_examples=300, deadline=None)
    @given(st.integers(0, 100_000), st.lists(st.integers(1, 100_000), min_size=1, max_size=12))
    def test_the_whole_fee_goes_back_with_the_whole_charge(self, fee, refunds):
        self.assertEqual(sum(_returns(sum(refunds), fee, refunds)), fee)

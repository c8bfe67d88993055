"""Pure building blocks: money, clock, identifiers, settings."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from odoo.tests import BaseCase, tagged

from ..tools import clock, money, settings
from ..tools.identifiers import uuid7
from ..tools.money import MINOR_MAX, Money

MINORS = st.integers(-MINOR_MAX, MINOR_MAX)


@tagged("post_install", "-at_install")
class TestMoney(BaseCase):
    @given(MINORS, st.sampled_from([0, 2, 3]))
    def test_to_odoo_and_back(self, minor, digits):
        self.assertEqual(money.to_minor(money.to_major(minor, digits), digits), minor)

    @given(st.integers(0, MINOR_MAX), st.integers(1, 40))
    def test_shares_add_up_and_differ_by_a_penny(self, minor, parts):
        shares = [share.minor for share in Money(minor, "GBP").split(parts)]
        self.assertEqual((sum(shares), len(shares)), (minor, parts))
        self.assertLessEqual(max(shares) - min(shares), 1)

    @given(st.integers(0, 10_000_000), st.integers(0, 10_000))
    def test_a_percentage_rounds_half_up(self, minor, basis_points):
        exact = Decimal(minor) * basis_points / 10_000
        found = Money(minor, "GBP").share(basis_points).minor
        self.assertTrue(-Decimal("0.5") <= exact - found < Decimal("0.5"))

    def test_rounding_of_odoo_amounts(self):
        for amount, digits, minor in (
            (12.5, 2, 1250), (0.1 + 0.2, 2, 30), (1.005, 2, 101), (-1.005, 2, -101), (1234.0, 0, 1234), (0.0005, 3, 1),
        ):  # fmt: skip
            with self.subTest(amount):
                self.assertEqual(money.to_minor(amount, digits), minor)

    def test_what_is_no_money(self):
        for minor in (12.5, "12", True, None, MINOR_MAX + 1):
            with self.subTest(minor), self.assertRaises(ValueError):
                Money(minor, "GBP")
        with self.assertRaises(ValueError):
            Money(1, "GBP") + Money(1, "EUR")
        with self.assertRaises(ValueError):
            Money(MINOR_MAX, "GBP") + Money(1, "GBP")
        self.assertEqual((Money(5, "GBP") - Money(7, "GBP")).wire(), {"amount": -2, "currency": "GBP"})


@tagged("post_install", "-at_install")
class TestClock(BaseCase):
    def test_wire(self):
        moment = datetime.fromisoformat("2026-11-22T19:02:11.250900")
        self.assertEqual(clock.wire(moment), "2026-11-22T19:02:11.250Z")
        self.assertIsNone(clock.wire(None))
        self.assertIsNone(clock.now().tzinfo)

    def test_aware_moments_become_utc(self):
        aware = datetime.fromisoformat("2026-07-01T12:00:00+02:00")
        self.assertEqual(clock.naive_utc(aware), datetime.fromisoformat("2026-07-01T10:00"))

    def test_business_days(self):
        for moment, zone, start, day in (
            ("2026-11-22T23:30", "Europe/London", 240, "2026-11-22"),
            ("2026-11-23T03:59", "Europe/London", 240, "2026-11-22"),
            ("2026-11-23T04:00", "Europe/London", 240, "2026-11-23"),
            ("2026-07-01T02:59", "Europe/London", 240, "2026-06-30"),
            ("2026-07-01T03:00", "Europe/London", 240, "2026-07-01"),
            ("2026-03-29T02:30", "Europe/London", 240, "2026-03-28"),  # 23 hours: clocks go forward at 01:00
            ("2026-03-29T03:00", "Europe/London", 240, "2026-03-29"),
            ("2026-10-25T03:59", "Europe/London", 240, "2026-10-24"),  # 25 hours: clocks go back at 01:00
            ("2026-10-25T04:00", "Europe/London", 240, "2026-10-25"),
            ("2026-11-22T15:00", "Asia/Tokyo", 0, "2026-11-23"),
            ("2026-11-22T04:59", "America/New_York", 0, "2026-11-21"),
        ):
            with self.subTest(f"{moment} {zone}"):
                found = clock.business_date(datetime.fromisoformat(moment), zone, start)
                self.assertEqual(found, date.fromisoformat(day))


@tagged("post_install", "-at_install")
class TestIdentifiers(BaseCase):
    def test_uuid7(self):
        made = [UUID(uuid7()) for _turn in range(2000)]
        self.assertEqual(len(set(made)), 2000)
        self.assertEqual({(value.version, value.variant) for value in made}, {(7, "specified in RFC 4122")})
        told = datetime.fromtimestamp((made[-1].int >> 80) / 1000, UTC)
        self.assertLess(abs(datetime.now(UTC) - told), timedelta(seconds=5))
        times = [value.int >> 80 for value in made]
        self.assertEqual(times, sorted(times))


@tagged("post_install", "-at_install")
class TestSettings(BaseCase):
    def test_defaults(self):
        self.assertEqual(settings.from_environment({"FYNLO_REDIS_URL": ""}), settings.Settings())
        self.assertEqual(settings.Settings().cors_origins, frozenset())

    def test_lists(self):
        found = settings.from_environment(
            {"FYNLO_CORS_ORIGINS": " https://a.example, ,https://b.example", "FYNLO_PUBLIC_URL": "https://pos.example/"}
        )
        self.assertEqual(found.cors_origins, {"https://a.example", "https://b.example"})
        self.assertEqual(found.public_url, "https://pos.example")

    def test_rate_limits(self):
        limits = settings.parse_rate_limits("money=5/20, auth=0.5/3")
        self.assertEqual((limits["money"], limits["auth"].burst), (settings.RateLimit(5, 20), 3))
        self.assertEqual(limits["default"], settings.DEFAULT_RATE_LIMITS["default"])
        for text in ("gold=1/1", "money", "money=1", "money=0/5", "money=1/0", "money=-1/5", "money=x/y"):
            with self.subTest(text), self.assertRaises(ValueError):
                settings.parse_rate_limits(text)

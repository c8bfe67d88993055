"""The match of a day: what was dropped, doubled or changed is reported, and nothing else; days never overlap."""

from datetime import UTC, date, datetime, timedelta
from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from ..reconciliation.days import Calendar
from ..reconciliation.matching import FACT_OF, Fact, Found, Moved, Subject, match

KINDS = ("capture", "refund", "refund_failed")
MOVEMENT_OF = {"capture": "charge", "refund": "refund", "refund_failed": "refund_failed"}
#: What may be done to a pair of fact and movement → the kinds of difference that must come of it.
DAMAGES = {
    "none": (),
    "drop_movement": ("missing_at_provider",),
    "drop_fact": ("missing_here",),
    "forget_subject": ("missing_here", "missing_at_provider"),
    "double": ("duplicate",),
    "double_and_change": ("amount_differs", "duplicate"),
    "change_amount": ("amount_differs",),
    "change_currency": ("wrong_currency",),
    "change_fee": ("fee_differs",),
    "unbook": ("unbooked_order",),
    "unbook_and_drop": ("missing_at_provider", "unbooked_order"),
    "release_too_little": ("amount_differs",),
    "release": (),
    "foreign": ("missing_here",),
}
days = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(1, 10_000_000), st.sampled_from(sorted(DAMAGES)), st.booleans()),
    max_size=30,
)


def sane(kind, amount):
    """A fact's amount and what orders must show of it."""
    if kind == "refund":
        return -amount, -amount
    return (amount, amount) if kind == "capture" else (amount, 0)


def damaged(place, kind, amount, damage, fee_known):
    """Fact and movements of one happening after ``damage``, and the differences that must be found."""
    subject = Subject(kind, place, 0 if kind == "capture" else place)
    money, due = sane(kind, amount)
    fee = 7 if fee_known or damage == "change_fee" else None
    fact = Fact(subject, money, "GBP", due, due, fee)
    first = Moved(10 * place, MOVEMENT_OF[kind], money, "GBP", fee or 0, subject)
    facts, moved = [fact], [first]

    def changed(**values):
        return Moved(**{name: getattr(first, name) for name in Moved.__slots__} | values)

    if damage in ("drop_movement", "unbook_and_drop"):
        moved = []
    if damage == "drop_fact":
        facts = []
    if damage == "forget_subject":
        moved = [changed(subject=None)]
    if damage in ("change_amount", "double_and_change"):
        moved = [changed(amount=money + 1)]
    if damage in ("double", "double_and_change"):
        moved.append(changed(id=10 * place + 1))
    if damage == "change_currency":
        moved = [changed(currency="EUR")]
    if damage == "change_fee":
        moved = [changed(platform_fee=8)]
    if damage in ("unbook", "unbook_and_drop"):
        facts = [Fact(subject, money, "GBP", due, due + 1, fee)]
    if damage.startswith("release"):
        left = 5 if damage == "release" else 4
        moved = [changed(amount=money + 5), Moved(10 * place + 2, "release", -left, "GBP", 0, subject)]
    if damage == "foreign":
        moved.append(Moved(10 * place + 3, "adjustment", -money, "GBP"))
    return facts, moved


class TestMatching(TestCase):
    @given(days)
    def test_exactly_what_was_damaged_is_reported(self, happenings):
        facts, moved, expected = [], [], []
        for place, (kind, amount, damage, fee_known) in enumerate(happenings, 1):
            if damage.startswith("release"):
                kind = "capture"
            some_facts, some_moved = damaged(place, kind, amount, damage, fee_known)
            facts += some_facts
            moved += some_moved
            expected += [(place, name) for name in DAMAGES[damage]]
        found = match(facts, moved)
        told = [(difference.subject.payment if difference.subject else difference.movement // 10, difference.kind)
                for difference in found]  # fmt: skip
        self.assertEqual(sorted(told), sorted(expected))
        keys = [difference.key for difference in found]
        self.assertEqual(len(keys), len(set(keys)))
        again = match(reversed(facts), moved)
        self.assertEqual(sorted(keys), sorted(difference.key for difference in again))

    def test_nothing(self):
        self.assertEqual(match([], []), [])

    def test_what_banks_hold_and_give_back_adds_up(self):
        subject = Subject("dispute", 1)
        held, more, back = (
            Moved(id, "dispute", amount, "GBP", 0, subject) for id, amount in ((1, -900), (2, -50), (3, 900))
        )
        self.assertEqual(match([Fact(subject, -950, "GBP", 0, 0)], [held, more]), [])
        self.assertEqual(match([Fact(subject, -50, "GBP", 0, 0)], [held, more, back]), [])
        (found,) = match([Fact(subject, 0, "GBP", 0, 0)], [held])
        self.assertEqual((found.kind, found.expected, found.found), ("amount_differs", 0, -900))

    def test_two_mistakes_do_not_hide_each_other(self):
        one, two = Subject("capture", 1), Subject("capture", 2)
        facts = [Fact(one, 1000, "GBP", 1000, 1000), Fact(two, 1000, "GBP", 1000, 1000)]
        moved = [Moved(1, "charge", 1100, "GBP", 0, one), Moved(2, "charge", 900, "GBP", 0, two)]
        self.assertEqual([(found.expected, found.found) for found in match(facts, moved)], [(1000, 1100), (1000, 900)])

    def test_the_figures_of_each_difference(self):
        subject = Subject("capture", 1)
        fact = Fact(subject, 1250, "GBP", 1250, 0, 12)
        moved = [Moved(5, "charge", 1200, "GBP", 11, subject), Moved(6, "charge", 1250, "GBP", 12, subject)]
        self.assertEqual(
            set(match([fact], moved)),
            {
                Found("unbooked_order", 1250, 0, subject),
                Found("duplicate", 0, 1250, subject, 6),
                Found("amount_differs", 1250, 1200, subject, 5),
                Found("fee_differs", 12, 11, subject, 5),
            },
        )

    def test_without_a_report_only_the_orders_are_compared(self):
        good, bad = (Fact(Subject("capture", place), 500, "GBP", 500, 500 - place) for place in (0, 1))
        self.assertEqual([found.kind for found in match([good, bad], [], settled=False)], ["unbooked_order"])

    def test_every_fact_can_be_moved(self):
        self.assertEqual(set(FACT_OF.values()), {*KINDS, "dispute"})


class TestDays(TestCase):
    @given(
        st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),
        st.sampled_from(["Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
        st.integers(0, 1439),
    )
    def test_each_moment_is_in_the_span_of_its_day_alone(self, moment, zone, start):
        calendar = Calendar(zone, start)
        day = calendar.day_of(moment)
        begins, ends = calendar.span(day)
        self.assertTrue(begins <= moment < ends)
        self.assertEqual(ends, calendar.span(day + timedelta(days=1))[0])

    def test_the_nights_when_the_clocks_change(self):
        london = Calendar("Europe/London", 0)
        for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 7, 1), 24)):
            begins, ends = london.span(day)
            self.assertEqual((ends - begins) / timedelta(hours=1), hours)

    def test_the_hour_that_comes_twice_belongs_to_one_day(self):
        calendar = Calendar("Europe/London", 90)  # half past one, which comes twice
        first = datetime(2026, 10, 25, 0, 30)
        self.assertEqual(calendar.span(date(2026, 10, 25))[0], first)
        for minutes, day in ((-1, 24), (0, 25), (45, 25), (60, 25), (90, 25)):
            self.assertEqual(calendar.day_of(first + timedelta(minutes=minutes)), date(2026, 10, day))

    def test_spans_are_naive_utc(self):
        begins, _ends = Calendar("America/New_York", 300).span(date(2026, 1, 5))
        self.assertEqual(begins, datetime(2026, 1, 5, 10, tzinfo=UTC).replace(tzinfo=None))

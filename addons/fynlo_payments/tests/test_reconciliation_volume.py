"""Thousands of movements, random damage, and providers that are asked while no transaction is open."""

import random
from dataclasses import replace
from datetime import UTC

from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.tests import tagged

from ..models import settlement_reading
from ..providers.settlement import Movement, Payout
from .provider_reports import Report, Reported

MANY = 5_000
#: Copies of one payment with its entries and its row on the order.
COPY = """
    WITH copied AS (
         INSERT INTO fynlo_payment (fynlo_uuid, order_id, company_id, config_id, session_id, currency_id, method, state,
                                    amount, tip, fee, surcharge, tendered, change, refunded, amount_shown, version,
                                    provider_reference, create_date, write_date)
         SELECT gen_random_uuid()::text, order_id, company_id, config_id, session_id, currency_id, method, state,
                amount, tip, fee, surcharge, tendered, change, refunded, amount_shown, version, 'pi_' || number,
                create_date, write_date
           FROM fynlo_payment, generate_series(1, %(many)s) number WHERE id = %(payment)s
      RETURNING id),
    entered AS (
         INSERT INTO fynlo_payment_entry (company_id, config_id, currency_id, payment_id, kind, account, amount, at)
         SELECT company_id, config_id, currency_id, copied.id, kind, account, amount, at
           FROM fynlo_payment_entry, copied WHERE payment_id = %(payment)s)
    INSERT INTO pos_payment (pos_order_id, payment_method_id, session_id, company_id, amount, payment_date,
                             fynlo_payment_id, uuid)
    SELECT pos_order_id, payment_method_id, session_id, company_id, amount, payment_date, copied.id,
           gen_random_uuid()::text
      FROM pos_payment, copied WHERE fynlo_payment_id = %(payment)s
"""
DAMAGES = ("none", "drop", "double", "change", "forget", "currency")


@tagged("post_install", "-at_install")
class TestReconciliationVolume(Reported):
    def begin(self, name):
        """An account and a tender that nothing was taken with."""
        self.tender, self.report = name, Report(name)
        self.account = self.known(self.location)

    def copies(self, many):
        """So many payments of one day, with the movements that a provider would report of them."""
        payment = self.taken()
        self.env.cr.execute(COPY, {"many": many, "payment": payment.id})
        self.env.invalidate_all()
        at = now().replace(tzinfo=UTC)
        movements = [Movement(f"txn_{n}", "charge", 1300, 1300, "GBP", at, 0, 0, f"pi_{n}") for n in range(1, many + 1)]
        self.report.moved = movements.copy()
        self.moved(payment)
        return movements

    def test_a_busy_day_takes_no_more_queries_than_a_quiet_one(self):
        counts = []
        for many in (5, MANY):
            self.begin("few" if many < MANY else "many")
            self.copies(many)
            before = self.env.cr.sql_log_count
            row = self.read()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual((row.state, row.movement_count, row.fact_count), ("matched", many + 1, many + 1))
        pages = MANY // 500
        self.assertLessEqual(counts[1], counts[0] + 4 * pages)

    def test_random_damage_is_told_and_nothing_else(self):
        for seed in range(4):
            with self.subTest(seed=seed):
                found, expected = self.damage_at_random("abcd"[seed], random.Random(seed))
                self.assertEqual(found, expected)

    def damage_at_random(self, name, dice):
        """The kinds of difference that were found, and those that were made."""
        self.begin(f"dice_{name}")
        told, expected = [], []
        for movement in self.copies(30):
            damage = dice.choice(DAMAGES)
            told += {
                "none": [movement],
                "drop": [],
                "double": [movement, replace(movement, id=movement.id + "x")],
                "change": [replace(movement, amount=movement.amount + dice.choice((-1, 1)))],
                "forget": [replace(movement, reference="pi_elsewhere")],
                "currency": [replace(movement, currency="USD")],
            }[damage]
            expected += {
                "none": [],
                "drop": ["missing_at_provider"],
                "double": ["duplicate"],
                "change": ["amount_differs"],
                "forget": ["missing_at_provider", "missing_here"],
                "currency": ["wrong_currency"],
            }[damage]
        first = self.report.moved[-1]
        self.report.moved = [*told, first]
        dice.shuffle(self.report.moved)
        return self.kinds(self.read()), sorted(expected)


class Watching(Report):
    """Notes how many statements were run since the last commit whenever the provider is asked."""

    def __init__(self, since_commit):
        super().__init__("acct_watched")
        self.since_commit, self.seen = since_commit, []

    def account(self):
        self.seen.append(self.since_commit())
        return super().account()

    def movements(self, since, until):
        self.asked.append((since, until))
        for number in range(settlement_reading.PAGE + 1):
            self.seen.append(self.since_commit())
            yield Movement(f"txn_{number}", "adjustment", 1, 1, "GBP", since)

    def payouts(self, since, until):
        self.seen.append(self.since_commit())
        for number in range(2):
            yield Payout(f"po_{number}", 1, "GBP", "paid", since, since.date())
            self.seen.append(self.since_commit())

    def movements_of(self, payout):
        self.seen.append(self.since_commit())
        yield Movement(f"txn_of_{payout}", "adjustment", 1, 1, "GBP", self.asked[0][0])


@tagged("post_install", "-at_install")
class TestNoTransactionIsOpen(Reported):
    def test_while_a_provider_is_asked(self):
        committed = []

        def commit(cron, *_args, **_values):
            cron.env.flush_all()
            committed.append(cron.env.cr.sql_log_count)
            return 60.0

        self.patch(self.registry["ir.cron"], "_commit_progress", commit)
        self.report = Watching(lambda: self.env.cr.sql_log_count - committed[-1])
        self.account = self.known(self.location)
        self.assertTrue(self.env["fynlo.settlement.reading"]._read(self.account, self.report))
        self.assertEqual(set(self.report.seen), {0})
        self.assertGreater(len(self.report.seen), settlement_reading.PAGE + 5)
        kept = self.env["fynlo.settlement.movement"].search_count([("account_id", "=", self.account.id)])
        self.assertEqual(kept, settlement_reading.PAGE + 3)

"""Posting in batches gives the books of Odoo's one-shot closing, wherever it was stopped."""

import random

from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from .trading_day import TradingDay

ORDERS = 24
BATCH = 7


@tagged("post_install", "-at_install")
class TestTillPosting(TradingDay):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.inventory_valuation = "real_time"
        category = cls.env["product.category"].create(
            {"name": "Valued", "property_cost_method": "average", "property_valuation": "real_time"}
        )
        for variant in (cls.menu.pizza, cls.menu.cola):
            variant.product_tmpl_id.write({"is_storable": True, "categ_id": category.id})
        cls.menu.cola.standard_price = 0.77
        cls.env.flush_all()

    def sell_at_random(self, seed=1):
        """Random orders, some paid by card, and the till closed a little short."""
        dice, identity = random.Random(seed), self.identity(self.manager)
        for _ in range(ORDERS):
            variants = dice.choices([self.menu.pizza, self.menu.cola, self.menu.cookie], k=dice.randint(1, 4))
            lines = [self.line(variant, dice.choice(["1", "2", "1.5", "0.25"])) for variant in variants]
            discounts = [{"id": uuid7(), "discount_id": self.tenth.fynlo_uuid}] * dice.randint(0, 1)
            preset = dice.choice([None, self.takeaway.fynlo_uuid])
            order = self.place(*lines, identity=identity, preset_id=preset, discounts=discounts)
            due, tip = order["totals"]["due"]["amount"], dice.choice([0, 0, 137])
            self.pay(order, due, tip=self.gbp(tip), complete=True)
        self.pay_some_by_card(dice)
        self.close(self.session()._fynlo_expected_cash_minor() - 123)

    def pay_some_by_card(self, dice):
        """Card payments are not taken at this till yet, so their rows are made of cash ones."""
        card = self.location.payment_method_ids.filtered(lambda method: method.type == "bank")
        payments = self.session().order_ids.payment_ids.ids
        self.env.cr.execute(
            "UPDATE pos_payment SET payment_method_id = %s WHERE id = ANY(%s)",
            (card.id, dice.sample(payments, len(payments) // 3)),
        )
        self.env.invalidate_all()

    def books(self):
        """Everything that closing wrote, without ids and dates."""
        session = self.session()
        entries = [
            (
                line.journal_id.code,
                line.account_id.code,
                line.name,
                line.debit,
                line.credit,
                line.tax_base_amount,
                sorted(line.tax_ids.mapped("name")),
                sorted(line.tax_tag_ids.mapped("name")),
                line.tax_line_id.name,
                line.reconciled,
            )
            for line in session._get_related_account_moves().line_ids
        ]
        stock = [
            (move.product_id.id, move.quantity, move.state, move.location_id.id, move.location_dest_id.id, move.value)
            for move in session.picking_ids.move_ids
        ]
        costs = [(line.uuid, line.total_cost, line.is_total_cost_computed) for line in session.order_ids.lines]
        self.assertEqual((session.state, set(session.order_ids.mapped("state"))), ("closed", {"done"}))
        return sorted(entries, key=repr), sorted(stock, key=repr), sorted(costs, key=repr)

    def tried(self, post):
        """The books after ``post()``, which is undone."""
        savepoint = self.env.cr.savepoint()
        post()
        books = self.books()
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        return books

    def in_batches(self):
        session = self.session().with_context(fynlo_batch_size=BATCH)
        while session._fynlo_step():
            self.env.flush_all()
        return session

    def in_one_shot(self):
        """Odoo's own closing, which knows nothing of batches."""
        session = self.session().sudo().with_company(self.company)
        self.assertEqual(session.close_session_from_ui(), {"successful": True})

    def test_batches_give_the_books_of_one_shot(self):
        self.sell_at_random()
        whole = self.tried(self.in_one_shot)
        self.assertGreater(len(whole[0]), 10)
        self.assertTrue(whole[1])
        self.assertEqual(self.tried(self.in_batches), whole)

    def test_a_crash_between_steps_changes_nothing(self):
        """At every step: do it, lose it, and go on from what was committed before."""
        self.sell_at_random(seed=2)
        whole = self.tried(self.in_one_shot)

        def crash_everywhere():
            more = True
            while more:
                lost = self.env.cr.savepoint()
                self.session().with_context(fynlo_batch_size=BATCH)._fynlo_step()
                lost.close(rollback=True)
                self.env.invalidate_all()
                more = self.session().with_context(fynlo_batch_size=BATCH)._fynlo_step()
                self.env.flush_all()
                self.env.invalidate_all()

        self.assertEqual(self.tried(crash_everywhere), whole)

    def test_progress_is_seen_and_batches_go(self):
        self.sell_at_random(seed=3)
        session = self.session().with_context(fynlo_batch_size=BATCH)
        self.assertEqual(session.fynlo_posting_progress, 0.0)
        session._fynlo_step()
        self.assertAlmostEqual(session.fynlo_posting_progress, 100.0 * BATCH / ORDERS)
        self.in_batches()
        self.assertEqual((session.fynlo_posting_progress, len(session.fynlo_posting_batch_ids)), (100.0, 0))
        books = self.books()
        self.assertFalse(session._fynlo_step())
        self.assertEqual(self.books(), books)

    def test_a_run_that_gets_on_is_not_put_off(self):
        """Two workers died of the job before; a third death would have Odoo skip it for its interval."""
        self.sell_at_random(seed=6)
        cron = self.env.ref("fynlo_pos_core.cron_post_till_sessions").sudo()
        run = self.env["ir.cron.progress"].sudo().create({"cron_id": cron.id, "timed_out_counter": 2})
        committed = []
        self.patch(
            self.registry["ir.cron"],
            "_commit_progress",
            lambda *_args, **_values: committed.append(run.timed_out_counter) or 60.0,
        )
        sessions = self.env["pos.session"].with_context(ir_cron_progress_id=run.id, cron_id=cron.id)
        sessions.with_context(fynlo_batch_size=BATCH)._cron_fynlo_post()
        self.assertEqual(self.session().state, "closed")
        self.assertEqual((len(committed) > 3, set(committed)), (True, {0}))

    def test_posting_again_starts_over(self):
        self.sell_at_random(seed=4)
        whole = self.tried(self.in_one_shot)
        session = self.session().with_context(fynlo_batch_size=BATCH)
        session._fynlo_step()
        session.action_fynlo_post_again()
        self.assertFalse(session.fynlo_posting_batch_ids)
        self.assertEqual(self.tried(self.in_batches), whole)

    def test_payments_booked_one_by_one_fall_back_to_one_shot(self):
        self.sell_at_random(seed=5)
        guest = self.env["res.partner"].create({"name": "Regular"})
        self.env.cr.execute("UPDATE pos_order SET partner_id = %s WHERE session_id = %s", (guest.id, self.session().id))
        self.env.cr.execute(
            "UPDATE pos_payment_method SET split_transactions = TRUE WHERE id = ANY(%s)",
            (self.location.payment_method_ids.filtered(lambda method: method.type == "bank").ids,),
        )
        self.env.invalidate_all()
        self.assertFalse(self.session()._fynlo_batched())
        whole = self.tried(self.in_one_shot)
        self.assertEqual(self.tried(self.in_batches), whole)

"""The inbox of notifications: kept once, handled by asking back, whatever order they come in and whatever fails."""

from contextlib import suppress
from datetime import timedelta
from itertools import permutations

from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged
from psycopg2.errors import RaiseException

from ..models.notification_handling import PAUSES_S, TRIED_FOR
from ..providers.connection import NotificationRefused, ProviderState, ProviderUnavailable
from .outside_bank import OutsideShop

DAY_S = TRIED_FOR.total_seconds()


@tagged("post_install", "-at_install")
class TestTakingIn(OutsideShop, TransactionCase):
    def test_an_event_is_kept_once(self):
        payment = self.sent_payment()
        event = self.event(payment)
        self.assertEqual([self.inbox._receive("open_banking", [event]) for _ in range(3)], [1, 0, 0])
        (told,) = self.receive(event)
        self.assertEqual(
            (told.state, told.tries, told.kind, told.reference, told.leg_uuid, told.account, told.livemode),
            ("received", 0, "payment_executed", event.reference, payment.fynlo_uuid, "", False),
        )
        self.assertEqual(told.created_at, event.created_at.replace(tzinfo=None))

    def test_the_same_id_of_another_account_is_another_event(self):
        first, second = self.event(), self.event(id="evt-1", account="acct_2")
        self.receive(first)
        self.assertEqual(len(self.receive(second)), 2)

    def test_the_worker_is_woken_for_news_alone(self):
        cron, event = self.env.ref("fynlo_payments.cron_handle_notifications"), self.event()
        triggers = self.env["ir.cron.trigger"]
        triggers.search([("cron_id", "=", cron.id)]).unlink()
        self.receive(event)
        self.assertEqual(triggers.search_count([("cron_id", "=", cron.id)]), 1)
        self.receive(event)
        self.assertEqual(triggers.search_count([("cron_id", "=", cron.id)]), 1)

    def test_what_no_provider_sends_is_refused_and_nothing_kept(self):
        before = self.inbox.search_count([])
        for wrong in (
            {"id": ""},
            {"id": None},
            {"id": 7},
            {"kind": None},
            {"id": "x" * 256},
            {"reference": "a\0b"},
            {"leg_uuid": ["x"]},
            {"account": {"a": 1}},
        ):
            with self.subTest(wrong), self.assertRaises(NotificationRefused):
                self.inbox._receive("open_banking", [self.event(), self.event(**wrong)])
        self.assertEqual(self.inbox.search_count([]), before)

    def test_what_was_said_never_changes(self):
        (told,) = self.receive(self.event())
        for column in ("kind", "reference", "account", "event_id", "leg_uuid"):
            with self.subTest(column), self.assertRaises(RaiseException), self.env.cr.savepoint():
                self.env.cr.execute(f"UPDATE fynlo_payment_notification SET {column} = 'x' WHERE id = %s", (told.id,))
        for attempt in (lambda: told.write({"kind": "x"}), told.unlink, lambda: self.inbox.create({})):
            with self.assertRaises(UserError):
                attempt()


@tagged("post_install", "-at_install")
class TestHandling(OutsideShop, TransactionCase):
    def test_a_notification_brings_the_provider_s_answer(self):
        payment = self.sent_payment()
        (told,) = self.receive(self.event(payment))
        self.work()
        self.assertEqual((payment.state, payment.provider_reference), ("captured", f"bank-{payment.fynlo_uuid}"))
        self.assertEqual(
            (told.state, told.payment_id, told.company_id, told.config_id, told.tries, told.failure_code),
            ("done", payment, payment.company_id, payment.config_id, 1, False),
        )
        self.assertTrue(told.handled_at)

    def test_what_it_claims_is_not_believed(self):
        payment = self.sent_payment(state="failed")
        self.receive(self.event(payment, "payment_settled"))
        self.work()
        self.assertEqual(payment.state, "failed")

    def test_by_the_provider_s_name_of_the_payment(self):
        payment = self.sent_payment()
        payment.provider_reference = "bank-7"
        self.say(payment.fynlo_uuid, "captured")
        self.bank.states[payment.fynlo_uuid] = ProviderState("captured", "bank-7", 1000, 1000, currency="GBP")
        (told,) = self.receive(self.event(reference="bank-7"))
        self.work()
        self.assertEqual((told.payment_id, payment.state), (payment, "captured"))

    def test_every_order_of_five_ends_the_same(self):
        kinds = ("payment_authorized", "payment_executed", "payment_settled", "payment_creditable", "payment_failed")
        entries = self.env["fynlo.payment.entry"]
        for order in permutations(kinds):
            with self.subTest(order):
                payment = self.sent_payment(state="action_required")
                self.receive(*(self.event(payment, kind) for kind in order[:2]))
                self.work()
                self.say(payment.fynlo_uuid, "captured")  # the money comes while the others are on their way
                for kind in order[2:]:
                    self.receive(self.event(payment, kind))
                    self.work()
                self.assertEqual(payment.state, "captured")
                self.assertEqual(sum(entries.search([("payment_id", "=", payment.id)]).mapped("amount")), 0)
                self.assertEqual(entries.search_count([("payment_id", "=", payment.id), ("amount", ">", 0)]), 1)
                self.assertEqual(set(self.inbox.search([("payment_id", "=", payment.id)]).mapped("state")), {"done"})

    def test_one_question_answers_all_that_wait(self):
        payment, other = self.sent_payment(), self.sent_payment()
        told = self.receive(*(self.event(payment, kind) for kind in ("a", "b", "c")), self.event(other))
        self.work()
        self.assertEqual(self.bank.asked, [payment.fynlo_uuid, other.fynlo_uuid])
        self.assertEqual(set(told.mapped("state")), {"done"})

    def test_a_payment_that_is_not_known_yet(self):
        payment = self.sent_payment()
        (told,) = self.receive(self.event(reference="bank-late"))
        self.work()
        self.assertEqual((told.state, told.failure_code, told.tries), ("received", "unmatched", 1))
        self.work()
        self.assertEqual(told.tries, 1, "tried again before it was due")
        payment.provider_reference = "bank-late"
        self.bank.states[payment.fynlo_uuid] = ProviderState("captured", "bank-late", 1000, 1000, currency="GBP")
        self.work(later_s=PAUSES_S[0] + 1)
        self.assertEqual((told.state, told.payment_id, payment.state), ("done", payment, "captured"))

    def test_a_payment_that_is_never_known(self):
        (told,) = self.receive(self.event())
        self.work()
        self.work(later_s=DAY_S + 1)
        self.assertEqual((told.state, told.failure_code), ("ignored", "unmatched"))
        self.assertEqual(self.bank.asked, [])

    def test_what_concerns_no_payment(self):
        (told,) = self.receive(self.event(reference=None, kind="account.updated"))
        self.work()
        self.assertEqual((told.state, told.failure_code), ("ignored", "no_payment"))

    def test_another_account_or_mode_touches_nothing(self):
        for values, code in (({"account": "acct_other"}, "wrong_account"), ({"livemode": True}, "wrong_mode")):
            with self.subTest(code), self.assertLogs("odoo.addons.fynlo_payments", "ERROR"):
                payment = self.sent_payment()
                (told,) = self.receive(self.event(payment, **values))
                self.work()
                self.assertEqual((told.state, told.failure_code), ("failed", code))
                self.assertEqual((payment.state, self.bank.asked), ("sent", []))

    def test_a_provider_that_does_not_answer(self):
        payment = self.sent_payment()
        for said in (ProviderState("unknown"), ProviderUnavailable("provider_unavailable")):
            with self.subTest(said):
                self.bank.states[payment.fynlo_uuid] = said
                (told,) = self.receive(self.event(payment))
                self.work()
                self.assertEqual(told.state, "received")
        self.say(payment.fynlo_uuid, "captured")
        self.work(later_s=PAUSES_S[1] + 1)
        self.assertEqual((told.state, payment.state), ("done", "captured"))

    def test_a_provider_that_stays_away_fails_after_a_day(self):
        payment = self.sent_payment()
        self.bank.states[payment.fynlo_uuid] = ProviderUnavailable("provider_unavailable")
        (told,) = self.receive(self.event(payment))
        self.work(later_s=DAY_S + 1)
        self.assertEqual((told.state, told.failure_code), ("failed", "provider_unavailable"))

    def test_a_provider_that_is_away_is_not_asked_for_each(self):
        payments = [self.sent_payment() for _ in range(5)]
        for payment in payments:
            self.bank.states[payment.fynlo_uuid] = ProviderUnavailable("provider_unavailable")
        told = self.receive(*(self.event(payment) for payment in payments))
        self.work()
        self.assertEqual(len(self.bank.asked), 3)
        self.assertEqual(told.mapped("tries"), [1, 1, 1, 0, 0])

    def test_others_go_before_a_provider_that_left_one_unanswered(self):
        silent, next_one = self.sent_payment(), self.sent_payment()
        self.bank.states[silent.fynlo_uuid] = ProviderUnavailable("provider_unavailable")
        self.receive(self.event(silent))
        self.work()
        later = self.receive(self.event(next_one))
        other = self.receive(self.event(), provider="stripe")
        self.env.cr.flush()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            inbox = self.inbox.with_env(self.env(cr=cr))
            self.assertEqual([inbox._claim([]).ids for _turn in range(3)], [other.ids, later.ids, []])

    def test_a_poisoned_one_holds_up_no_other(self):
        bad, good = self.sent_payment(), self.sent_payment()
        told = self.receive(self.event(bad), self.event(good))
        conclude = type(self.env["fynlo.payment.service"])._conclude

        def poisoned(service, payment_id, said):
            if payment_id == bad.id:
                service.env.cr.execute("UPDATE fynlo_payment SET refunded = 1 WHERE id = %s", (good.id,))
                raise ZeroDivisionError
            return conclude(service, payment_id, said)

        with self.assertLogs("odoo.addons.fynlo_payments", "ERROR"):
            self.patch(type(self.env["fynlo.payment.service"]), "_conclude", poisoned)
            self.work()
        self.assertEqual(told.mapped("state"), ["received", "done"])
        self.assertEqual((told[0].failure_code, good.state, good.refunded), ("error", "captured", 0))

    def test_a_worker_that_dies_loses_nothing(self):
        payment = self.sent_payment()
        (told,) = self.receive(self.event(payment))
        self.bank.states[payment.fynlo_uuid] = KeyboardInterrupt()
        with suppress(KeyboardInterrupt):  # assertRaises would undo what was committed
            self.work()
        self.assertEqual(len(self.bank.asked), 1)
        self.say(payment.fynlo_uuid, "captured")
        self.env.invalidate_all()
        self.work()
        self.assertEqual((told.state, told.tries), ("received", 1), "what is claimed is another worker's")
        self.work(later_s=121)
        self.assertEqual((told.state, payment.state), ("done", "captured"))

    def test_a_notification_of_money_for_another_amount_is_set_aside(self):
        payment = self.sent_payment()
        self.say(payment.fynlo_uuid, "captured", 999)
        with self.assertLogs("odoo.addons.fynlo_payments", "ERROR"):
            self.receive(self.event(payment))
            self.work()
        self.assertEqual((payment.state, payment.failure_code), ("unknown", "provider_mismatch"))


@tagged("post_install", "-at_install")
class TestAfterwards(OutsideShop, TransactionCase):
    def as_user(self, employee):
        return self.inbox.with_user(employee.user_id).with_context(allowed_company_ids=self.company.ids)

    def test_handled_again(self):
        payment = self.sent_payment(state="action_required")
        (told,) = self.receive(self.event(payment))
        self.work()
        self.assertEqual((told.state, payment.state), ("done", "action_required"))
        self.say(payment.fynlo_uuid, "captured")
        self.as_user(self.manager).browse(told.id).action_handle_again()
        self.assertEqual((told.state, told.tries), ("received", 0))
        self.work()
        self.assertEqual((told.state, payment.state), ("done", "captured"))
        self.env.cr.precommit.run()
        entry = self.env["fynlo.audit.log"].search([("action", "=", "notification.handled_again")], limit=1)
        self.assertEqual((entry.resource_id, entry.actor), (f"open_banking {told.event_id}", self.manager.user_id.name))

    def test_all_that_failed_are_handled_again(self):
        payment = self.sent_payment()
        with self.assertLogs("odoo.addons.fynlo_payments", "ERROR"):
            (told,) = self.receive(self.event(payment, livemode=True))
            self.work()
        self.bank.livemode = True
        self.say(payment.fynlo_uuid, "captured", livemode=True)
        self.assertGreaterEqual(self.inbox._handle_failed_again(), 1)
        self.work()
        self.assertEqual((told.state, payment.state), ("done", "captured"))

    def test_who_sees_them(self):
        payment = self.sent_payment()
        told = self.receive(self.event(payment), self.event())
        self.work()
        own, strange = told
        platform = self.env.ref("base.user_admin")
        platform.company_ids |= self.company
        elsewhere = self.location.copy({"name": "Elsewhere", "payment_method_ids": False})
        located = self.hire("Lena", "manager")
        located.fynlo_location_ids = elsewhere
        self.assertEqual(self.as_user(self.manager).search([("id", "in", told.ids)]), own)
        self.assertFalse(self.as_user(located).search([("id", "in", told.ids)]))
        self.assertEqual(
            self.inbox.with_user(platform)
            .with_context(allowed_company_ids=self.company.ids)
            .search([("id", "in", strange.ids)]),
            strange,
        )
        stranger = self.env["res.company"].create({"name": "Other"})
        self.manager.user_id.company_ids = [(4, stranger.id)]
        other = self.inbox.with_user(self.manager.user_id).with_context(allowed_company_ids=stranger.ids)
        self.assertFalse(other.search([("id", "in", told.ids)]))
        with self.assertRaises(AccessError):
            other.browse(own.id).action_handle_again()

    def test_managers_can_read_what_list_and_form_show(self):
        payment = self.sent_payment()
        (told,) = self.receive(self.event(payment))
        self.work()
        inbox = self.as_user(self.manager)
        views = inbox.get_views([(False, "list"), (False, "form"), (False, "search")])
        shown = views["models"]["fynlo.payment.notification"]["fields"]
        self.assertLessEqual({"payment_id", "state", "failure_code", "received_at", "event_id"}, shown.keys())
        found = inbox.web_search_read(
            [("id", "=", told.id)],
            {
                name: {"fields": {"display_name": {}}} if field["type"] == "many2one" else {}
                for name, field in shown.items()
            },
        )
        self.assertEqual((found["length"], found["records"][0]["payment_id"]["id"]), (1, payment.id))

    def test_old_ones_are_forgotten(self):
        payment = self.sent_payment()
        told = self.receive(self.event(payment), self.event(), self.event())
        old = now() - timedelta(days=91)
        for row, state, at in zip(told, ("done", "failed", "received"), (old, old, None), strict=True):
            self.env.cr.execute(
                "UPDATE fynlo_payment_notification SET state = %s, handled_at = %s WHERE id = %s", (state, at, row.id)
            )
        self.inbox._gc_old()
        self.assertEqual(self.inbox.search([("id", "in", told.ids)], order="id"), told[1:])


@tagged("post_install", "-at_install")
class TestNotificationHealth(OutsideShop, TransactionCase):
    def reading(self, check):
        found = {one.key: one for one in getattr(self.env["fynlo.health"], check)()}
        return found.get("open_banking")

    def age(self, told, seconds):
        """As if it had come that long ago."""
        self.env.cr.execute("ALTER TABLE fynlo_payment_notification DISABLE TRIGGER USER")
        self.env.cr.execute(
            "UPDATE fynlo_payment_notification SET received_at = %s WHERE id = ANY(%s)",
            (now() - timedelta(seconds=seconds), told.ids),
        )
        self.env.cr.execute("ALTER TABLE fynlo_payment_notification ENABLE TRIGGER USER")
        told.invalidate_recordset()

    def test_backlog(self):
        self.assertIsNone(self.reading("_webhook_backlog"))
        told = self.receive(self.event(self.sent_payment()), self.event())
        self.assertIsNone(self.reading("_webhook_backlog"), "a fresh one is no backlog")
        self.age(told, 200)
        reading = self.reading("_webhook_backlog")
        self.assertEqual((round(reading.value, -1), reading.note), (200, "2 wait"))
        self.work()
        self.assertIsNone(self.reading("_webhook_backlog"), "what no payment is known for waits by design")

    def test_failures(self):
        self.assertIsNone(self.reading("_notification_failed"))
        with self.assertLogs("odoo.addons.fynlo_payments", "ERROR"):
            self.receive(self.event(self.sent_payment(), livemode=True))
            self.work()
        reading = self.reading("_notification_failed")
        self.assertEqual((reading.value, reading.note), (1, "wrong_mode"))

    def test_silence(self):
        self.leaves_ledger_broken = True
        self.assertEqual(
            (self.reading("_notification_silence").value, self.reading("_notification_silence").note),
            (0, "none so far"),
        )
        payment = self.sent_payment()
        payment.write({"state": "captured", "provider_reference": "bank-1"})
        self.env.flush_all()
        self.env.cr.execute("UPDATE fynlo_payment SET create_date = %s", (now() - timedelta(minutes=40),))
        self.assertEqual(self.reading("_notification_silence").value, 40)
        told = self.receive(self.event(payment))
        self.age(told, 20 * 60)
        reading = self.reading("_notification_silence")
        self.assertEqual((reading.value, reading.note), (0, "the last 20 min ago"))

    def test_every_check_has_its_rule(self):
        codes = set(self.env["fynlo.alert.rule"].search([]).mapped("code"))
        self.assertLessEqual({"webhook_backlog", "notification_failed", "notification_silence"}, codes)

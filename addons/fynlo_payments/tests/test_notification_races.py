"""Many deliveries and many workers at the same time, each in transactions of its own that commit."""

import threading
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch
from uuid import uuid4

from odoo import SUPERUSER_ID, api
from odoo.addons.fynlo_pos_core.rest import transaction
from odoo.addons.fynlo_pos_core.tests.common import use_test_settings
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from ..models import provider_call
from ..providers.connection import Event

DELIVERIES = 20
EVENTS = 30
WORKERS = 4
THREADS = 8  # a process has few connections to the database


@tagged("post_install", "-at_install")
class TestNotificationRaces(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        use_test_settings(cls)
        cls.registry = Registry(get_db_name())
        cls.reference = uuid4().hex  # no payment has it
        cls.addClassCleanup(cls.wipe)

    @classmethod
    def wipe(cls):
        with cls.registry.cursor() as cr:
            cr.execute("DELETE FROM fynlo_payment_notification WHERE reference LIKE %s", (cls.reference + "%",))

    def env_of(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})

    def receive(self, event):
        with self.registry.cursor() as cr:
            env = self.env_of(cr)
            inbox = env["fynlo.payment.notification"]
            return transaction.run(env, lambda: inbox._receive("open_banking", [event]))

    def rows(self):
        with self.registry.cursor() as cr:
            cr.execute(
                "SELECT event_id, tries, state, failure_code FROM fynlo_payment_notification WHERE reference LIKE %s",
                (self.reference + "%",),
            )
            return cr.fetchall()

    def together(self, times, work):
        """What ``work`` returns so many times, by threads that begin at the same moment."""
        start = threading.Event()

        def begin(_time):
            start.wait(60)
            return work()

        with ThreadPoolExecutor(THREADS) as threads:
            waiting = [threads.submit(begin, time) for time in range(times)]
            start.set()
            return [one.result() for one in waiting]

    def test_one_event_delivered_twenty_times_at_once(self):
        event = Event(id=uuid4().hex, kind="x", reference=self.reference)
        self.assertEqual(sum(self.together(DELIVERIES, lambda: self.receive(event))), 1)
        self.assertEqual([row[0] for row in self.rows() if row[0] == event.id], [event.id])

    def test_no_notification_is_in_two_hands(self):
        """Each worker claims until nothing is due; every notification is then tried once, whoever did it."""
        ids = [uuid4().hex for _ in range(EVENTS)]
        for place, name in enumerate(ids):
            self.receive(Event(id=name, kind="x", reference=f"{self.reference}-{place}"))

        def work():
            with self.registry.cursor() as cr:
                self.env_of(cr)["fynlo.payment.notification"]._cron_handle()

        self.together(WORKERS, work)
        found = {row[0]: row[1:] for row in self.rows()}
        self.assertEqual([found[name] for name in ids], [(1, "received", "unmatched")] * EVENTS)

    def test_the_provider_is_asked_with_no_transaction_open(self):
        self.receive(Event(id=uuid4().hex, kind="x", reference=f"{self.reference}-asked"))
        seen = []
        with self.registry.cursor() as cr:
            inbox = self.env_of(cr)["fynlo.payment.notification"]

            def look(_registry, _payment_id):
                seen.append(cr.connection.info.transaction_status)
                return {"state": "captured"}, None

            some = inbox.env["fynlo.payment"].browse(1)
            with (
                patch.object(type(inbox), "_find_payment", lambda _told: some),
                patch.object(type(inbox), "_foreign_to", lambda _told, _payment: None),
                patch.object(type(inbox), "_are_no_news", lambda _told, _payment: False),
                patch.object(type(inbox), "_conclude", lambda _told, _verdict, _payment: None),
                patch.object(provider_call, "look", look),
            ):
                inbox._cron_handle()
        self.assertEqual(set(seen), {TRANSACTION_STATUS_IDLE})

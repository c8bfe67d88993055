"""Waking cron workers over a line that is kept, that breaks, and that cannot be had."""

import select
import time
from unittest.mock import patch

import psycopg2
from odoo.sql_db import connection_info_for
from odoo.tests import TransactionCase, tagged

from ..models.system import ir_cron
from ..models.system.ir_cron import MEETING_PLACE, CronBell


@tagged("post_install", "-at_install")
class TestCronBell(TransactionCase):
    def setUp(self):
        super().setUp()
        self.bell = CronBell()
        self.worker = psycopg2.connect(**connection_info_for(MEETING_PLACE)[1])
        self.addCleanup(self.worker.close)
        self.worker.autocommit = True
        with self.worker.cursor() as cursor:
            cursor.execute("LISTEN cron_trigger")

    def assert_heard(self, database):
        """The worker is woken for ``database``, whatever else it hears meanwhile of others' databases."""
        deadline = time.monotonic() + 10
        self.worker.poll()
        while database not in [told.payload for told in self.worker.notifies]:
            left = deadline - time.monotonic()
            self.assertGreater(left, 0, f"nobody rang for {database}: {self.worker.notifies}")
            select.select([self.worker], [], [], left)
            self.worker.poll()

    def line(self):
        return self.bell._line.info.backend_pid

    def test_one_line_serves_all(self):
        self.bell.ring("bell_first")
        line = self.line()
        self.assert_heard("bell_first")
        self.bell.ring("bell_second")
        self.assert_heard("bell_second")
        self.assertEqual(self.line(), line)

    def test_a_line_that_broke_is_replaced(self):
        self.bell.ring("bell_first")
        broken = self.line()
        with self.worker.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (broken,))
        self.bell.ring("bell_again")
        self.assert_heard("bell_again")
        self.assertNotEqual(self.line(), broken)

    def test_a_forked_process_has_its_own(self):
        self.bell.ring("bell_first")
        parents = self.bell._line
        with patch.object(ir_cron.os, "getpid", return_value=-1):
            self.bell.ring("bell_of_the_child")
        self.assert_heard("bell_of_the_child")
        self.assertIsNot(self.bell._line, parents)

    def test_nobody_to_wake_undoes_nothing(self):
        away = patch.object(ir_cron.psycopg2, "connect", side_effect=psycopg2.OperationalError("away"))
        with away, patch.object(ir_cron, "_bell", CronBell()), self.assertLogs(ir_cron.__name__, "WARNING") as told:
            self.env["ir.cron"]._notifydb()
        self.assertIn("could not be woken", told.output[0])

    def test_a_job_that_is_triggered_rings(self):
        with patch.object(ir_cron, "_bell", self.bell):
            self.env.ref("base.autovacuum_job")._trigger()
            self.env.cr.postcommit.run()
        self.assert_heard(self.env.cr.dbname)

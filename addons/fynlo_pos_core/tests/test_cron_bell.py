"""Waking cron workers over a line that is kept, that breaks, and that cannot be had."""

import select
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

    def heard(self):
        """Databases that the worker was woken for; waits a moment for the first."""
        self.worker.poll()
        if not self.worker.notifies:
            self.assertTrue(select.select([self.worker], [], [], 5)[0])
            self.worker.poll()
        heard = [told.payload for told in self.worker.notifies]
        self.worker.notifies.clear()
        return heard

    def line(self):
        return self.bell._line.info.backend_pid

    def test_one_line_serves_all(self):
        self.bell.ring("first")
        line = self.line()
        self.assertEqual(self.heard(), ["first"])
        self.bell.ring("second")
        self.assertEqual(self.heard(), ["second"])
        self.assertEqual(self.line(), line)

    def test_a_line_that_broke_is_replaced(self):
        self.bell.ring("first")
        broken = self.line()
        with self.worker.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (broken,))
        self.heard()
        self.bell.ring("second")
        self.assertEqual(self.heard(), ["second"])
        self.assertNotEqual(self.line(), broken)

    def test_a_forked_process_has_its_own(self):
        self.bell.ring("first")
        parents = self.bell._line
        with patch.object(ir_cron.os, "getpid", return_value=-1):
            self.bell.ring("second")
        self.assertEqual(self.heard()[-1:], ["second"])
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
        self.assertIn(self.env.cr.dbname, self.heard())

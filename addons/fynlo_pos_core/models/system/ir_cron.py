"""Cron workers are woken over a line to PostgreSQL that each process keeps: opening one takes longer than a request."""

import logging
import os
import threading

import psycopg2
from odoo import api, models
from odoo.addons.base.models.ir_cron import ODOO_NOTIFY_FUNCTION
from odoo.sql_db import connection_info_for
from psycopg2 import sql

_logger = logging.getLogger(__name__)

#: Where cron workers listen, whichever databases they serve.
MEETING_PLACE = "postgres"
RING = sql.SQL("SELECT {}('cron_trigger', %s)").format(sql.Identifier(ODOO_NOTIFY_FUNCTION))


class CronBell:
    """The line of this process. Safe to use from several threads, and in a process that was forked."""

    def __init__(self):
        self._line = self._process = None
        self._lock = threading.Lock()

    def ring(self, database):
        """Tell cron workers that ``database`` has a job that is due. Raises ``psycopg2.Error`` when nobody can hear."""
        with self._lock:
            try:
                self._say(database)
            except psycopg2.Error:  # the line broke while it was idle, or just now
                self._line = None
                self._say(database)

    def _say(self, database):
        if self._line is None or self._process != os.getpid():
            self._line = psycopg2.connect(**connection_info_for(MEETING_PLACE)[1])
            self._line.autocommit, self._process = True, os.getpid()
        with self._line.cursor() as cursor:
            cursor.execute(RING, (database,))


_bell = CronBell()


class IrCron(models.Model):
    _inherit = "ir.cron"

    @api.model
    def _notifydb(self):
        """Runs after the commit, which stands: workers that cannot be woken find the job within a minute."""
        try:
            _bell.ring(self.env.cr.dbname)
        except psycopg2.Error:
            _logger.warning("Cron workers could not be woken", exc_info=True)

"""How PostgreSQL and the disk do."""

import shutil
import time
from pathlib import Path

from odoo import models, tools

from ...engine.health import CannotTell, Reading

MB = 1 << 20
GB = 1 << 30


class FynloHealth(models.AbstractModel):
    _inherit = "fynlo.health"

    def _health_checks(self):
        return super()._health_checks() | {
            "database_latency": self._database_latency,
            "database_connections": self._database_connections,
            "database_transaction": self._database_transaction,
            "database_size": self._database_size,
            "replication_lag": self._replication_lag,
            "replication_slot": self._replication_slot,
            "idempotency_size": self._idempotency_size,
            "disk": self._disk,
        }

    def _database_latency(self):
        started = time.perf_counter()
        self.env.cr.execute("SELECT 1")
        return [Reading(round((time.perf_counter() - started) * 1000, 2))]

    def _database_connections(self):
        """Share of the connections that PostgreSQL allows, over all its databases."""
        row = self._row(
            """SELECT count(*) AS used, current_setting('max_connections')::int AS most
                 FROM pg_stat_activity WHERE backend_type = 'client backend' OR backend_type IS NULL"""
        )
        note = self.env._("%(used)s of %(most)s connections", used=row["used"], most=row["most"])
        return [Reading(round(100 * row["used"] / row["most"], 1), note)]

    def _database_transaction(self):
        """Age of the oldest transaction that is still open in this database, ours aside."""
        row = self._row(
            """SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float AS age
                 FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
        )
        return [Reading(max(0.0, round(row["age"], 1)))]

    def _database_size(self):
        row = self._row("SELECT pg_database_size(current_database()) AS bytes")
        return [Reading(round(row["bytes"] / GB, 3))]

    def _replication_lag(self):
        """How far each standby is behind. PostgreSQL tells that to members of ``pg_monitor`` only."""
        standbys = self._rows(
            """SELECT coalesce(nullif(application_name, ''), pid::text) AS name, replay_lsn,
                      coalesce(extract(epoch FROM replay_lag), 0)::float AS lag
                 FROM pg_stat_replication"""
        )
        if any(standby["replay_lsn"] is None for standby in standbys):
            raise CannotTell(self.env._("Grant pg_monitor to Odoo's database user to see the standbys."))
        return [
            Reading(round(standby["lag"], 1), kind="standby", key=standby["name"], name=standby["name"])
            for standby in standbys
        ]

    def _replication_slot(self):
        """Slots that no standby uses: its standby is gone, and the log it has not read fills the disk."""
        unused = self._rows("SELECT slot_name FROM pg_replication_slots WHERE NOT active AND NOT temporary")
        return [Reading(1, kind="slot", key=slot["slot_name"], name=slot["slot_name"]) for slot in unused]

    def _idempotency_size(self):
        row = self._row("SELECT pg_total_relation_size('fynlo_idempotency') AS bytes")
        return [Reading(round(row["bytes"] / MB, 1))]

    def _disk(self):
        """How full the disk of Odoo's files is."""
        folder = Path(tools.config["data_dir"])
        while not folder.exists():  # Odoo makes it when it stores its first file
            folder = folder.parent
        usage = shutil.disk_usage(folder)
        note = self.env._("%s GB are free", round(usage.free / GB, 1))
        return [Reading(round(100 * (1 - usage.free / usage.total), 1), note)]

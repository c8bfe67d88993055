"""Health checks: each fails when what it watches really fails, and none can blind or hold up the others."""

import json
import os
import shutil
import socket
import time
from datetime import timedelta
from unittest.mock import patch

from odoo import sql_db, tools
from odoo.tests import TransactionCase, tagged

from ..engine.health import CannotTell, Finding, Limits, Reading
from ..models.health.health import FynloHealth
from ..rest.call import Call
from ..tools import redis_client
from ..tools.clock import now
from ..tools.identifiers import uuid7
from ..tools.settings import settings
from .common import REDIS, forget_settings
from .shop import Shop
from .test_kitchen_tickets import Kitchen

PATIENT = {"check_limit_ms": 20_000, "limit_s": 120}


class HealthCase(TransactionCase):
    def setUp(self):
        super().setUp()
        # a busy test machine must not look like a Redis that is away
        patience = patch.object(redis_client, "SOCKET_TIMEOUT_S", 20)
        patience.start()
        self.addCleanup(redis_client.reset)
        self.addCleanup(patience.stop)
        redis_client.reset()

    def look(self):
        self.env.flush_all()
        self.env.cr.execute("SELECT pg_stat_clear_snapshot()")  # a test is one long transaction
        return self.env["fynlo.health"]._look(**PATIENT)

    def readings(self, code):
        finding = self.look()[code]
        self.assertEqual(finding.trouble, "")
        return list(finding.readings)

    def reading(self, code):
        (only,) = self.readings(code)
        return only

    def rule(self, code):
        return self.env["fynlo.alert.rule"].search([("code", "=", code)])

    def with_checks(self, **checks):
        """Have these checks instead of the real ones."""
        return patch.object(type(self.env["fynlo.health"]), "_health_checks", lambda _self: checks)

    def use_redis(self, url):
        environment = patch.dict(os.environ, FYNLO_REDIS_URL=url)
        environment.start()
        self.addCleanup(forget_settings)
        self.addCleanup(environment.stop)
        forget_settings()


@tagged("post_install", "-at_install")
class TestLimits(TransactionCase):
    def test_grades(self):
        rising, falling = Limits(10, 60), Limits(1, 0, falling=True)
        self.assertEqual(
            [rising.grade(value) for value in (9.9, 10, 59, 60, 1e9)], ["ok", "warn", "warn", "fail", "fail"]
        )
        self.assertEqual([falling.grade(value) for value in (2, 1, 0.5, 0, -1)], ["ok", "warn", "warn", "fail", "fail"])
        low, high = Reading(1), Reading(5)
        self.assertEqual((rising.worst([low, high]), falling.worst([low, high])), (high, low))
        self.assertIsNone(rising.worst([]))

    def test_a_company_sees_its_own_things_and_those_of_the_system(self):
        mine, theirs, all_ = Reading(1, company_id=7), Reading(2, company_id=8), Reading(3)
        self.assertEqual(Finding("x", (mine, theirs, all_)).of_company(7).readings, (mine, all_))


@tagged("post_install", "-at_install")
class TestLooking(HealthCase):
    def test_every_check_has_its_rule(self):
        codes = self.env["fynlo.alert.rule"].search([]).mapped("code")
        self.assertEqual(sorted(codes), sorted(self.env["fynlo.health"]._health_checks()))

    def test_a_check_that_takes_too_long_is_cut_off(self):
        def slow():
            self.env.cr.execute("SELECT pg_sleep(60)")
            return [Reading(1)]

        began = time.monotonic()
        with self.with_checks(slow=slow, quick=lambda: [Reading(2)]):
            found = self.env["fynlo.health"]._look(check_limit_ms=100, limit_s=60)
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual((found["slow"].readings, found["slow"].trouble), ((), "Looking took longer than 100 ms."))
        self.assertEqual(found["quick"].readings[0].value, 2)
        self.env.cr.execute("SHOW statement_timeout")
        self.assertEqual(self.env.cr.fetchone()[0], "0")

    def test_a_broken_check_blinds_no_other(self):
        def broken():
            self.env.cr.execute("SELECT nothing FROM nowhere")

        def unable():
            raise CannotTell("It is dark.")

        with (
            self.with_checks(broken=broken, unable=unable, fine=lambda: [Reading(2)]),
            self.assertLogs("odoo.addons.fynlo_pos_core.models.health.health", "ERROR"),
            tools.mute_logger("odoo.sql_db"),
        ):
            found = self.look()
        self.assertEqual(found["broken"].trouble, "The check itself failed; the log says why.")
        self.assertEqual(found["unable"].trouble, "It is dark.")
        self.assertEqual(found["fine"].readings[0].value, 2)

    def test_no_time_left(self):
        with self.with_checks(one=lambda: [Reading(1)]):
            found = self.env["fynlo.health"]._look(limit_s=-1)
        self.assertEqual(found["one"].trouble, "There was no time left to look.")

    def test_another_addon_adds_a_check(self):
        self.assertTrue(issubclass(type(self.env["fynlo.health"]), FynloHealth))
        own = super(type(self.env["fynlo.health"]), self.env["fynlo.health"])._health_checks
        with patch.object(
            type(self.env["fynlo.health"]), "_health_checks", lambda _self: own() | {"extra": lambda: [Reading(3)]}
        ):
            self.assertEqual(self.look()["extra"].readings[0].value, 3)


@tagged("post_install", "-at_install")
class TestDatabaseChecks(HealthCase):
    def test_figures_are_those_of_the_database_and_the_disk(self):
        self.env.cr.execute("SELECT current_setting('max_connections')::int, pg_database_size(current_database())")
        most, size = self.env.cr.fetchone()
        connections = self.reading("database_connections")
        self.assertIn(f"of {most} connections", connections.note)
        self.assertGreater(connections.value, 0)
        self.assertAlmostEqual(self.reading("database_size").value, size / 2**30, places=1)
        self.assertGreaterEqual(self.reading("database_latency").value, 0)
        usage = shutil.disk_usage(tools.config["data_dir"])
        self.assertAlmostEqual(self.reading("disk").value, 100 * (1 - usage.free / usage.total), delta=2)
        self.assertEqual((self.readings("replication_lag"), self.readings("replication_slot")), ([], []))

    def test_an_open_transaction_is_seen_until_it_ends(self):
        other = sql_db.db_connect(self.env.cr.dbname).cursor()
        self.addCleanup(other.close)
        other.execute("SELECT 1")
        began, age = time.monotonic(), 0.0
        while age < 0.3 and time.monotonic() - began < 60:
            age = self.reading("database_transaction").value
        self.assertGreaterEqual(age, 0.3)
        other.rollback()
        self.assertLess(self.reading("database_transaction").value, age)

    def test_standbys(self):
        """With the rows that a server with standbys shows; the test server may not have any."""

        def rows(_self, query, **_values):
            return lagging if "pg_stat_replication" in query else [{"slot_name": "north"}]

        lagging = [
            {"name": "north", "replay_lsn": "0/16B3748", "lag": 0.0},
            {"name": "south", "replay_lsn": "0/1", "lag": 70},
        ]
        with patch.object(type(self.env["fynlo.health"]), "_rows", rows):
            lag = self.env["fynlo.health"]._replication_lag()
            self.assertEqual({one.subject: one.value for one in lag}, {"standby:north": 0, "standby:south": 70})
            self.assertEqual(self.env["fynlo.health"]._replication_slot()[0].subject, "slot:north")
            lagging[0]["replay_lsn"] = None
            with self.assertRaises(CannotTell):
                self.env["fynlo.health"]._replication_lag()

    def test_the_record_of_requests_grows(self):
        value = self.reading("idempotency_size").value
        self.env.cr.execute("SELECT pg_total_relation_size('fynlo_idempotency')")
        self.assertAlmostEqual(value, self.env.cr.fetchone()[0] / 2**20, places=1)


@tagged("post_install", "-at_install")
class TestRedisChecks(HealthCase):
    """Against the real Redis of the tests."""

    def setUp(self):
        super().setUp()
        self.use_redis(REDIS)
        prefix = patch.dict(os.environ, FYNLO_STREAM_PREFIX=f"fynlo-test-{os.getpid()}-{uuid7()[-6:]}:")
        prefix.start()
        self.addCleanup(prefix.stop)
        forget_settings()
        self.addCleanup(self.forget_keys)

    def forget_keys(self):
        keys = self.redis(lambda client: list(client.scan_iter(f"{settings().stream_prefix}*")))
        self.redis(lambda client: [client.delete(key) for key in keys])

    def redis(self, work):
        return redis_client.attempt(work, None)

    def test_redis_that_answers(self):
        self.assertEqual(self.reading("redis_away").value, 0)
        memory = self.redis(lambda client: client.info("memory"))
        most = memory["maxmemory"] or memory["total_system_memory"]
        self.assertAlmostEqual(self.reading("redis_memory").value, 100 * memory["used_memory"] / most, delta=1)
        self.assertEqual(self.reading("redis_policy").value, int(memory["maxmemory_policy"] != "noeviction"))
        persistence = self.redis(lambda client: client.info("persistence"))
        self.assertEqual(self.reading("redis_persistence").value, 0 if persistence["aof_enabled"] else 1)

    def test_redis_away(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        self.use_redis(f"redis://127.0.0.1:{port}/0")
        self.assert_away()

    def test_redis_that_hangs_hangs_nobody(self):
        with socket.create_server(("127.0.0.1", 0)) as silent, patch.object(redis_client, "SOCKET_TIMEOUT_S", 0.1):
            self.use_redis(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
            began = time.monotonic()
            self.assert_away()
            self.assertLess(time.monotonic() - began, 20)

    def assert_away(self):
        found = self.look()
        self.assertEqual(found["redis_away"].readings[0].value, 1)
        for code in ("redis_latency", "redis_memory", "redis_policy", "redis_persistence", "relay", "gateway"):
            self.assertEqual((code, found[code].trouble), (code, "Redis does not answer."))

    def beat(self, process, seconds_ago):
        """A heartbeat as relay (``ws_server/relay/streams.py``) and gateway (``stream_store.py``) write it."""
        stream = f"{settings().stream_prefix}s:_hb"
        seconds, micros = self.redis(lambda client: client.time())
        moment = (seconds - seconds_ago) * 1000 + micros // 1000
        told = json.dumps({"from": process, **({"epoch": "e"} if process == "relay" else {})})
        self.redis(lambda client: client.xadd(stream, {"f": told}, id=f"{moment}-*"))

    def test_the_relays_heartbeat(self):
        uptime = self.redis(lambda client: client.info("server"))["uptime_in_seconds"]
        self.assertGreaterEqual(self.reading("relay").value, uptime)
        self.beat("relay", 500)
        self.beat("gateway", 0)
        silent = self.reading("relay").value
        self.assertTrue(500 <= silent < 600, silent)
        self.beat("relay", 0)
        self.beat("gateway", 0)
        self.assertLess(self.reading("relay").value, 60)

    def test_gateways_alone_are_no_relay(self):
        self.beat("gateway", 0)
        uptime = self.redis(lambda client: client.info("server"))["uptime_in_seconds"]
        self.assertGreaterEqual(self.reading("relay").value, uptime)

    def test_gateways(self):
        self.assertEqual(self.reading("gateway").value, 0)
        for process, connections in (("a:1", 40), ("b:7", 2)):
            told = json.dumps({"host": process[0], "pid": int(process[2]), "connections": connections})
            key = f"{settings().stream_prefix}gateway:{process}"
            self.redis(lambda client, key=key, told=told: client.set(key, told, ex=600))
        found = self.reading("gateway")
        self.assertEqual((found.value, found.note), (2, "42 connections"))

    def test_events_that_wait(self):
        event = {"company_id": self.env.company.id, "topic": "l.x.orders", "type": "order.updated"}
        self.env["fynlo.outbox"].create(
            {**event, "event_id": uuid7(), "payload": "{}", "created_at": now() - timedelta(days=900)}
        )
        self.env.cr.execute("UPDATE fynlo_outbox SET topic_offset = NULL WHERE topic = 'l.x.orders'")
        self.assertGreater(self.reading("outbox_lag").value, 899 * 86400)


@tagged("post_install", "-at_install")
class TestJobChecks(HealthCase):
    def setUp(self):
        super().setUp()
        self.env.cr.execute("UPDATE ir_cron SET failure_count = 0, nextcall = now() AT TIME ZONE 'UTC'")
        self.job = self.env.ref("fynlo_pos_core.cron_print")

    def change_job(self, values):
        self.env.cr.execute(f"UPDATE ir_cron SET {values} WHERE id = %s", (self.job.id,))

    def test_a_job_that_fails(self):
        self.assertEqual(self.readings("job_failing"), [])
        self.change_job("failure_count = 3")
        failing = self.reading("job_failing")
        self.assertEqual((failing.value, failing.subject), (3, "job:fynlo_pos_core.cron_print"))
        self.assertEqual(failing.name, self.job.cron_name)

    def test_a_job_that_odoo_gave_up(self):
        self.change_job("active = FALSE, failure_count = 0")
        given_up = self.reading("job_failing")
        self.assertEqual((given_up.value, given_up.note), (5, "Switched off"))
        self.assertEqual(self.rule("job_failing")._limits().grade(given_up.value), "fail")

    def test_a_job_that_is_late(self):
        self.assertEqual(self.readings("job_late"), [])
        self.change_job("nextcall = now() AT TIME ZONE 'UTC' - interval '2 hours'")
        late = self.reading("job_late")
        self.assertTrue(120 <= late.value < 130, late)

    def test_rules_that_nobody_looks_at(self):
        self.env.cr.execute("UPDATE fynlo_alert_rule SET evaluated_at = now() AT TIME ZONE 'UTC' - interval '1 hour'")
        self.assertTrue(3600 <= self.reading("evaluation").value < 4000)
        self.env["fynlo.alert.watch"]._evaluate()
        self.assertLess(self.reading("evaluation").value, 600)


@tagged("post_install", "-at_install")
class TestTradeChecks(Shop, HealthCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def of_company(self, code):
        return [reading for reading in self.readings(code) if reading.company_id == self.company.id]

    def sessions_moment(self, field, session, hours):
        self.env.cr.execute(
            f"UPDATE pos_session SET {field} = (now() AT TIME ZONE 'UTC') - make_interval(hours => %s)"
            " WHERE fynlo_uuid = %s",
            (hours, session["id"]),
        )

    def test_a_till_session_that_stays_open(self):
        self.assertEqual(self.of_company("till_session_open"), [])
        till = self.open_till()
        self.env.flush_all()
        self.sessions_moment("start_at", till, 20)
        (reading,) = self.of_company("till_session_open")
        self.assertTrue(20 <= reading.value < 20.5, reading)
        self.assertEqual((reading.key, reading.config_id), (till["id"], self.location.id))
        self.assertEqual(self.rule("till_session_open")._limits().grade(reading.value), "warn")
        self.close_till(till["id"], 10000, Call(route=None, request_id="test-request"))
        self.assertEqual(self.of_company("till_session_open"), [])

    def test_a_closed_till_that_is_not_posted(self):
        till = self.open_till()
        self.close_till(till["id"], 10000, Call(route=None, request_id="test-request"))
        self.env.flush_all()
        self.sessions_moment("stop_at", till, 1)
        session = self.env["pos.session"].search([("fynlo_uuid", "=", till["id"])])
        session.fynlo_posting_error = "No account for tips"
        (reading,) = self.of_company("posting")
        self.assertTrue(60 <= reading.value < 65, reading)
        self.assertEqual(reading.note, "No account for tips")
        session.fynlo_posting_error = False
        session._fynlo_post_safely()
        self.assertEqual((session.state, self.of_company("posting")), ("closed", []))

    def print(self, state, printer="location", **values):
        receipt = self.env["fynlo.receipt.print"].create(
            {
                "order_id": self.row(self.order).id,
                "config_id": self.location.id,
                "company_id": self.company.id,
                "kind": "receipt",
                "copy_number": 0,
                "order_version": 1,
                "printer": printer,
                "state": state,
                **values,
            }
        )
        self.env.flush_all()
        return receipt

    def test_a_printer_that_fails_and_prints_again(self):
        self.open_till()
        self.order = self.place(self.line(self.menu.pizza))
        self.print("failed", printer="till")
        self.print("waiting", attempts=1)
        self.assertEqual(self.of_company("printer"), [])
        self.print("failed", failure="No paper")
        self.print("waiting", attempts=3, failure="No route to host")
        (reading,) = self.of_company("printer")
        self.assertEqual((reading.value, reading.note), (2, "No route to host"))
        self.assertEqual((reading.key, reading.config_id), (self.location.fynlo_uuid, self.location.id))
        self.print("printed")
        self.assertEqual(self.of_company("printer"), [])

    def test_an_audit_log_that_was_tampered_with(self):
        for action in ("one", "two", "three"):
            self.env["fynlo.audit.log"]._record(action, company_id=self.company.id)
        self.env.cr.flush()
        self.assertEqual(self.of_company("audit_chain"), [])
        self.env.cr.execute("ALTER TABLE fynlo_audit_log DISABLE TRIGGER ALL")
        for change, undo in (("action = 'four'", "action = 'two'"), ("reason = 'none'", "reason = NULL")):
            self.change_second_entry(change)
            self.assertEqual([reading.key for reading in self.of_company("audit_chain")], [self.company.fynlo_uuid])
            self.change_second_entry(undo)
            self.assertEqual(self.of_company("audit_chain"), [])
        self.env.cr.execute(
            "DELETE FROM fynlo_audit_log WHERE seq = (SELECT max(seq) FROM fynlo_audit_log WHERE company_id = %(company)s)"
            " AND company_id = %(company)s",
            {"company": self.company.id},
        )
        self.assertEqual(len(self.of_company("audit_chain")), 1)

    def change_second_entry(self, change):
        self.env.cr.execute(
            f"UPDATE fynlo_audit_log SET {change} WHERE company_id = %(company)s AND seq ="
            " (SELECT max(seq) - 1 FROM fynlo_audit_log WHERE company_id = %(company)s)",
            {"company": self.company.id},
        )


@tagged("post_install", "-at_install")
class TestKitchenPrinter(Kitchen, HealthCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_kitchen()

    def test_a_kitchen_printer_that_fails(self):
        self.open_till()
        self.kitchen.write({"printer_enabled": True, "printer_host": "printer.invalid"})
        sent = self.send(self.place(self.line(self.menu.pizza)))
        job = self.env["fynlo.kitchen.ticket"]._by_uuid(sent["tickets"][0]["id"]).job_ids
        mine = [reading for reading in self.readings("printer") if reading.company_id == self.company.id]
        self.assertEqual(mine, [])
        job.write({"state": "unknown", "failure": "It said nothing"})
        (reading,) = [reading for reading in self.readings("printer") if reading.company_id == self.company.id]
        self.assertEqual((reading.value, reading.note, reading.key), (1, "It said nothing", self.kitchen.fynlo_uuid))
        self.assertEqual((reading.name, reading.config_id), (self.kitchen.name, self.location.id))

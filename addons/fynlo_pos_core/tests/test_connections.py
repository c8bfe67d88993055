"""The import of connections: once each, in any order, through crashes, an emptied Redis and lost gateways."""

import json
import re
from pathlib import Path
from typing import get_args
from unittest.mock import patch

from odoo.tests import tagged

from ..controllers.identity.views import ConnectionEnding, Presence
from ..engine.connection_records import ENDING_OF_CODE
from ..models.realtime import connection_import
from ..models.realtime.connection import BAD_ENDINGS, ENDINGS
from ..models.realtime.device_presence import PRESENCES
from .gateway_stream import ConnectionCase


@tagged("post_install", "-at_install")
class TestConnectionImport(ConnectionCase):
    def test_a_connection_from_its_start_to_its_end(self):
        opened = self.opened(seen_ago=90)
        self.tell(opened)
        self.take_in()
        row = self.row(opened)
        self.assertEqual((row.device_id, row.config_id, row.company_id), (self.till, self.location, self.company))
        self.assertEqual(row.employee_id.fynlo_uuid, self.signed_in["employee"]["id"])
        self.assertEqual((row.address, row.user_agent), ("203.0.113.9", "FynloTill/2.1"))
        self.assertEqual((row.online, row.ending, row.lasted), (True, False, "10 s"))
        self.tell(self.seen(opened, ago=40))
        self.take_in()
        self.assertEqual(self.row(opened).lasted, "1 min")
        self.tell(self.closed(opened, code=4408, by="server", ago=30, reason="too slow"))
        self.take_in()
        row = self.row(opened)
        self.assertEqual((row.online, row.closed_by, row.ending, row.code), (False, "server", "slow", 4408))
        self.assertEqual((row.reason, row.topics, row.messages_received), ("too slow", 2, 7))
        self.assertEqual((row.events_replayed, row.kilobytes_sent), (3, 13))
        self.assertEqual(round((row.closed_at - row.opened_at).total_seconds()), 70)

    def test_every_ending_has_its_words(self):
        endings = [
            ("client", 1000, "left"), ("client", 1001, "left"), ("network", 1006, "unreachable"),
            ("server", 1012, "restart"), ("server", 4401, "signed_out"), ("server", 4403, "revoked"),
            ("server", 4429, "faulty"), ("server", 1009, "faulty"), ("server", 1013, "unavailable"),
            ("server", 4999, "other"), ("server", 4409, "replaced"), ("server", 4430, "crowded"),
            ("network", 1011, "unreachable"),
        ]  # fmt: skip
        opened = [self.opened() for _ending in endings]
        self.tell(*(self.closed(one, by=by, code=code) for one, (by, code, _name) in zip(opened, endings, strict=True)))
        self.take_in()
        self.assertEqual([self.row(one).ending for one in opened], [name for _by, _code, name in endings])
        rows = self.env["fynlo.connection"].union(*map(self.row, opened))
        bad = rows.filtered("ended_badly")
        self.assertEqual(len(bad), 7)
        self.assertEqual(
            rows.search([("ended_badly", "=", True), ("id", "in", rows.ids)]), bad.sorted("id", reverse=True)
        )

    def test_every_documented_close_code_and_ending_is_known(self):
        protocol = (Path(__file__).parents[3] / "docs" / "events.md").read_text()
        codes = {int(code) for code in re.findall(r"^\| (\d{4}) \|", protocol, re.MULTILINE)}
        self.assertGreater(len(codes), 8)
        self.assertEqual(codes - ENDING_OF_CODE.keys() - {1011}, set())
        self.assertEqual(get_args(ConnectionEnding), tuple(name for name, _words in ENDINGS))
        self.assertEqual(get_args(Presence), tuple(name for name, _words in PRESENCES))
        self.assertLessEqual({*ENDING_OF_CODE.values(), *BAD_ENDINGS}, set(get_args(ConnectionEnding)))

    def test_repeats_and_any_order_come_to_the_same(self):
        first, second = self.opened(), self.opened()
        end = self.closed(first)
        self.tell(end, first, self.seen(first, second, ago=50), second, end, first, self.seen(first, ago=5))
        self.take_in()
        before = (self.row(first) | self.row(second)).read()
        self.assertEqual([(self.row(one).online) for one in (first, second)], [False, True])
        self.assertEqual(self.row(first).last_seen_at, self.row(first).closed_at)
        self.tell(second, end, self.seen(first, second, ago=60), first)
        self.take_in()
        self.assertEqual((self.row(first) | self.row(second)).read(), before)

    def test_what_cannot_be_read_stops_nothing(self):
        good = self.opened(agent="x\x00y")
        broken = [
            b"", b"\xff\xfe", b"{", b"[]", b"null", b'{"kind": "strange"}', b'{"kind": "opened"}', b'{"kind": []}',
            *(json.dumps({**self.opened(), **wrong}).encode() for wrong in (
                {"id": "no-uuid"}, {"id": 5}, {"opened_at": "noon"}, {"opened_at": 1e300}, {"opened_at": None},
                {"gateway": None}, {"address": 7},
            )),
            json.dumps({**self.closed(self.opened()), "by": "somebody"}).encode(),
            json.dumps({"kind": "seen", "connections": "abc", "seen_at": 1}).encode(),
        ]  # fmt: skip
        before = self.count()
        with self.assertLogs("odoo.addons.fynlo_pos_core.engine.connection_records", "WARNING") as logs:
            self.tell(*broken, good, self.closed(self.opened("f" * 32), bytes_sent=2**60, topics=-5, code=2**40))
            self.take_in()
        self.assertEqual((len(logs.records), self.count() - before), (len(broken), 2))
        self.assertEqual(self.row(good).user_agent, "xy")
        huge = self.row({"id": "f" * 32})
        self.assertEqual((huge.topics, huge.kilobytes_sent, huge.code), (0, 2**31 - 1, 2**31 - 1))

    def test_strangers_are_left_out(self):
        """Ids that are nobody's here: a gateway that serves another database, or people who were deleted."""
        before = self.count()
        stranger = self.opened(session=None, device=None)
        self.tell(stranger, self.seen(stranger), self.closed(stranger))
        self.take_in()
        self.assertEqual(self.count(), before)

    def test_a_connection_without_a_device_belongs_to_its_sign_ins_place(self):
        opened = self.opened(device=None)
        self.tell(opened)
        self.take_in()
        self.assertEqual((self.row(opened).config_id, self.row(opened).device_id.id), (self.location, False))

    def test_the_place_is_that_of_the_sign_in_not_of_a_device_that_moved(self):
        opened = self.opened()
        self.till.sudo().config_id = self.other_location
        self.tell(opened)
        self.take_in()
        self.assertEqual(self.row(opened).config_id, self.location)


@tagged("post_install", "-at_install")
class TestImportUnderFire(ConnectionCase):
    def position(self):
        self.env.cr.execute("SELECT position FROM fynlo_stream_position WHERE stream = 'connections'")
        return self.env.cr.fetchone()[0]

    def test_a_crash_repeats_and_loses_nothing(self):
        opened = [self.opened() for _turn in range(3)]
        self.tell(*opened)
        before, place = self.count(), self.position()
        keep = patch.object(self.env.registry["fynlo.stream.position"], "_keep", side_effect=RuntimeError("killed"))
        with keep, self.assertRaisesRegex(RuntimeError, "killed"):
            self.take_in()
        self.env.invalidate_all()
        self.assertEqual((self.count(), self.position()), (before, place))
        self.take_in()
        self.assertEqual(self.count(), before + 3)
        rows = self.env["fynlo.connection"].search([], limit=3).ids
        self.take_in()
        self.assertEqual(self.env["fynlo.connection"].search([], limit=3).ids, rows)

    def test_what_was_read_is_not_read_again(self):
        self.tell(self.opened())
        self.take_in()
        with patch.object(self.env.registry["fynlo.connection.import"], "_take_in") as take_in:
            self.take_in()
            self.assertEqual(take_in.call_count, 0)
            self.tell(self.opened())
            self.take_in()
            self.assertEqual([len(call.args[0]) for call in take_in.call_args_list], [1])

    def test_an_emptied_redis_is_read_on(self):
        first, second = self.opened(), self.opened()
        self.tell(first)
        self.take_in()
        self.redis.delete(self.stream)
        self.take_in()
        self.tell(second)
        self.take_in()
        self.assertTrue(self.row(second).online)

    def test_a_redis_whose_clock_went_back_is_read_from_its_beginning(self):
        """Its ids are lower than those read before; what it repeats has no effect."""
        first, second = self.opened(), self.opened()
        self.tell(first, self.closed(first))
        self.take_in()
        self.redis.delete(self.stream)
        self.redis.xadd(self.stream, {"r": json.dumps(first)}, id="5-1")
        self.redis.xadd(self.stream, {"r": json.dumps(second)}, id="5-2")
        self.take_in()
        self.assertEqual((self.row(first).online, self.row(second).online), (False, True))
        self.assertEqual(self.position(), "5-2")

    def test_redis_away_changes_nothing(self):
        opened = self.opened()
        self.tell(opened)
        self.take_in()
        with patch.object(connection_import.redis_client, "attempt", lambda _work, otherwise: otherwise):
            self.take_in()
        self.assertTrue(self.row(opened).online)

    def test_two_at_once_do_it_once(self):
        self.tell(self.opened())
        before = self.count()
        with self.env.registry._db.cursor() as other:
            other.execute("SELECT FROM fynlo_stream_position WHERE stream = 'connections' FOR UPDATE")
            self.take_in()
            self.assertEqual(self.count(), before)
            other.rollback()
        self.take_in()
        self.assertEqual(self.count(), before + 1)

    def test_ten_thousand_records_are_few_statements(self):
        opened = [self.opened(ago=1000) for _turn in range(4_000)]
        self.tell(*opened, *(self.seen(*opened[start : start + 500]) for start in range(0, 4_000, 500)))
        self.tell(*(self.closed(one) for one in opened), *opened[:1_992])
        before, statements = self.count(), self.env.cr.sql_log_count
        self.env.flush_all()
        self.take_in()
        statements = self.env.cr.sql_log_count - statements
        self.assertEqual(self.count() - before, 4_000)
        self.assertFalse(
            self.env["fynlo.connection"].search_count([("gateway", "=", self.gateway), ("online", "=", True)])
        )
        self.assertLessEqual(statements, 21 * 5 + 10)

    def test_one_look_does_not_work_off_a_long_backlog(self):
        with patch.object(connection_import, "BATCH", 10):
            self.tell(*(self.opened() for _turn in range(60)))
            before = self.count()
            self.look_again()
            self.env["fynlo.connection.import"]._freshen()
            self.assertEqual(self.count() - before, 40)
            self.env["fynlo.connection.import"]._freshen()
            self.assertEqual(self.count() - before, 40, "within the same second Redis is not asked again")
            self.take_in()
            self.assertEqual(self.count() - before, 60)


@tagged("post_install", "-at_install")
class TestLostConnections(ConnectionCase):
    def test_a_gateway_that_is_gone_takes_its_connections_along(self):
        mine, others = self.opened(seen_ago=20), self.opened(gateway="another", seen_ago=20)
        self.show_life("another")
        self.tell(mine, others)
        self.take_in()
        self.assertEqual([self.row(one).online for one in (mine, others)], [True, True])
        self.redis.delete(f"{self.stream.removesuffix('connections')}gateway:{self.gateway}")
        self.take_in()
        row = self.row(mine)
        self.assertEqual((row.online, row.closed_by, row.ending, row.code), (False, "lost", "lost", 0))
        self.assertEqual(row.closed_at, row.last_seen_at)
        self.assertTrue(self.row(others).online)

    def test_one_that_was_not_lost_comes_back(self):
        """Redis was emptied: the sign of life was away for a second, then the gateway tells anew."""
        opened = self.opened(seen_ago=20)
        self.tell(opened)
        self.forget_stream()
        self.tell(opened)
        self.take_in()
        self.assertEqual(self.row(opened).ending, "lost")
        self.show_life()
        self.tell(opened)
        self.take_in()
        self.assertEqual(self.row(opened).ending, "lost", "an old record is no news")
        self.tell({**opened, "seen_at": self.now})
        self.take_in()
        self.assertEqual((self.row(opened).online, self.row(opened).ending), (True, False))

    def test_the_true_ending_takes_the_place_of_lost(self):
        opened = self.opened(seen_ago=20)
        self.tell(opened)
        self.forget_stream()
        self.tell(opened)
        self.take_in()
        self.tell(self.closed(opened, by="server", code=1012))
        self.take_in()
        self.assertEqual((self.row(opened).closed_by, self.row(opened).ending), ("server", "restart"))

    def test_one_that_two_sweeps_did_not_name_has_ended_unheard(self):
        quiet, named, new = self.opened(ago=900, seen_ago=400), self.opened(ago=900), self.opened(ago=5)
        self.show_life(swept_at=self.now - 20)
        self.tell(quiet, named, new, self.seen(named, ago=80))
        self.take_in()
        self.assertEqual([self.row(one).online for one in (quiet, named, new)], [False, True, True])
        self.assertEqual(self.row(quiet).ending, "lost")

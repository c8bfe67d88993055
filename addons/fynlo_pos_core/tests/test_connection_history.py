"""Connections and presence as people and clients see them: who, for how long, and in which order."""

from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..models.realtime import connection_import, connection_retention
from ..tools.clock import now
from ..tools.identifiers import uuid7
from .gateway_stream import ConnectionCase


@tagged("post_install", "-at_install")
class TestConnectionHistory(ConnectionCase):
    def test_history_is_kept_as_long_as_the_company_says(self):
        company, location = self.make_company("Faraway", chart=None)
        company.fynlo_connection_days = 10
        self.company.fynlo_connection_days = 30
        elsewhere = self.env["fynlo.device"]._pair_new(location, "Elsewhere")[0]
        day = 86_400
        old, new, long_open = self.opened(ago=50 * day), self.opened(ago=50 * day), self.opened(ago=50 * day)
        foreign = self.opened(ago=50 * day, device=elsewhere, session=None)
        self.tell(self.closed(old, ago=31 * day), self.closed(new, ago=29 * day), long_open)
        self.tell(self.closed(foreign, ago=11 * day))
        self.take_in()
        self.assertTrue(all(self.row(one) for one in (old, new, long_open, foreign)))
        with patch.object(connection_retention, "BATCH", 1):
            self.assertEqual(self.env["fynlo.connection"]._gc_old_connections(), (1, True))
            self.assertEqual(self.env["fynlo.connection"]._gc_old_connections(), (1, True))
            self.assertEqual(self.env["fynlo.connection"]._gc_old_connections(), (0, False))
        self.assertEqual([bool(self.row(one)) for one in (old, new, long_open, foreign)], [False, True, True, False])

    def test_an_owner_sets_how_long_history_is_kept(self):
        window = self.env["fynlo.company.settings"].with_user(self.employee("owner").user_id)
        window.create({"connection_days": 7}).action_save()
        self.assertEqual(self.company.fynlo_connection_days, 7)
        for days in (0, -1, 3651):
            with self.subTest(days), self.assertRaises(ValidationError):
                self.company.fynlo_connection_days = days

    def test_presence_of_devices(self):
        fresh = self.env["fynlo.device"]._pair_new(self.location, "Fresh")[0]
        gone = self.env["fynlo.device"]._pair_new(self.location, "Gone")[0]
        here, went = self.opened(seen_ago=30), self.opened(device=gone)
        older = self.opened(ago=500)
        self.tell(older, here, went, self.closed(went, by="network", code=1006), self.closed(older))
        self.take_in()
        devices = fresh | gone | self.till
        self.assertEqual(devices.mapped("presence"), ["never", "offline", "online"])
        self.assertEqual(devices.mapped("last_ending"), [False, "unreachable", False])
        self.assertEqual(self.till.seen_at, self.row(here).last_seen_at)
        self.till.sudo().last_seen_at = signed_in_at = now() + timedelta(minutes=1)
        self.assertEqual(self.till.seen_at, signed_in_at.replace(microsecond=self.till.seen_at.microsecond))
        for presence, device in (("never", fresh), ("offline", gone), ("online", self.till)):
            found = self.env["fynlo.device"].search([("presence", "=", presence), ("id", "in", devices.ids)])
            self.assertEqual(found, device)
        found = self.env["fynlo.device"].search([("presence", "!=", "online"), ("id", "in", devices.ids)])
        self.assertEqual(set(found), set(fresh | gone))

    def test_a_device_that_came_back_before_its_old_line_was_noticed_is_online(self):
        older, newer = self.opened(ago=200), self.opened(ago=20)
        self.tell(older, newer, self.closed(newer))
        self.take_in()
        self.assertEqual(self.till.presence, "online")
        self.tell(self.closed(older, by="network", code=1006))
        self.take_in()
        self.env.invalidate_all()
        self.assertEqual(self.till.presence, "offline")

    def test_who_sees_what_in_the_back_office(self):
        _company, location = self.make_company("Faraway", chart=None)
        foreign_till = self.env["fynlo.device"]._pair_new(location, "Foreign")[0]
        there = self.session("server", self.other_location)
        here = self.opened()
        elsewhere = self.opened(session=there, device=self.device(self.other_location)[0])
        foreign = self.opened(session=None, device=foreign_till)
        self.tell(here, elsewhere, foreign)
        self.take_in()
        rows = self.row(here) | self.row(elsewhere) | self.row(foreign)
        self.assertEqual(len(rows), 3)

        def seen_by(role):
            found = self.env["fynlo.connection"].with_user(self.employee(role).user_id).search([("id", "in", rows.ids)])
            return set(found.ids)

        self.assertEqual(seen_by("manager"), {self.row(here).id})
        self.assertEqual(seen_by("owner"), {self.row(here).id, self.row(elsewhere).id})
        with self.assertRaises(AccessError):
            seen_by("supervisor")
        with self.assertRaises(AccessError):
            self.env["fynlo.connection"].with_user(self.employee("cashier").user_id).freshen()
        self.env["fynlo.connection"].with_user(self.employee("manager").user_id).freshen()


@tagged("post_install", "-at_install")
class TestConnectionApi(ConnectionCase):
    def setUp(self):
        super().setUp()
        self.manager = self.sign_in("manager")
        self.path = f"/devices/{self.till.fynlo_uuid}/connections"

    def ask(self, path, token=None):
        self.look_again()
        return self.api("GET", path, token=token or self.manager)

    def test_a_list_of_devices_is_fresh(self):
        opened = self.opened(seen_ago=5)
        self.tell(opened)
        (shown,) = [one for one in self.ask("/devices").json()["items"] if one["id"] == self.till.fynlo_uuid]
        self.assertEqual((shown["presence"], shown["address"], shown["last_ending"]), ("online", "203.0.113.9", None))
        self.assertEqual(shown["last_seen_at"][:19], self.row(opened).last_seen_at.isoformat()[:19])
        self.tell(self.closed(opened, by="network", code=1006))
        offline = self.ask("/devices?presence=offline").json()["items"]
        self.assertEqual([one["last_ending"] for one in offline if one["id"] == self.till.fynlo_uuid], ["unreachable"])
        self.assertEqual(self.ask("/devices?presence=online").json()["items"], [])
        self.assertEqual(self.ask("/devices?presence=asleep").status_code, 422)

    def test_pages_of_connections(self):
        opened = [self.opened(ago=100 - turn) for turn in range(5)]
        self.tell(*opened, self.closed(opened[1], code=4403, by="server", reason="device_revoked"))
        seen, cursor = [], ""
        while cursor is not None:
            page = self.ask(f"{self.path}?limit=2{cursor and f'&cursor={cursor}'}").json()
            seen += page["items"]
            cursor = page["next_cursor"]
        self.assertEqual([one["id"] for one in seen], [self.row(one).fynlo_uuid for one in reversed(opened)])
        ended = seen[3]
        self.assertEqual((ended["closed_by"], ended["ending"], ended["code"]), ("server", "revoked", 4403))
        self.assertEqual(ended["device"], {"id": self.till.fynlo_uuid, "name": self.till.name})
        self.assertEqual(ended["employee"]["id"], self.signed_in["employee"]["id"])
        self.assertEqual(ended["location"]["id"], self.location.fynlo_uuid)
        self.assertEqual((ended["kilobytes_sent"], ended["messages_received"]), (13, 7))
        self.assertEqual((seen[0]["closed_at"], seen[0]["ending"], seen[0]["code"]), (None, None, None))
        self.assertEqual(len(self.ask(f"{self.path}?open=true").json()["items"]), 4)
        self.assertEqual(len(self.ask(f"{self.path}?open=false").json()["items"]), 1)
        self.assertEqual(self.ask(f"{self.path}?cursor=abc").status_code, 422)

    def test_quartet(self):
        _company, foreign_location = self.make_company("Faraway", chart=None)
        foreign = self.env["fynlo.device"]._pair_new(foreign_location, "Foreign")[0]
        elsewhere = self.device(self.other_location)[0]
        self.assertProblem(self.api("GET", self.path), "token_missing", 401)
        self.assertProblem(self.ask(self.path, self.sign_in("supervisor")), "permission_denied", 403)
        for device in (foreign, elsewhere):
            self.assertProblem(self.ask(f"/devices/{device.fynlo_uuid}/connections"), "not_found", 404)
        self.assertProblem(self.ask(f"/devices/{uuid7()}/connections"), "not_found", 404)
        self.assertEqual(self.ask(self.path).json(), {"items": [], "next_cursor": None})
        owner = self.sign_in("owner")
        self.assertEqual(self.ask(f"/devices/{elsewhere.fynlo_uuid}/connections", owner).status_code, 200)
        self.assertProblem(self.ask(f"/devices/{foreign.fynlo_uuid}/connections", owner), "not_found", 404)

    def test_history_elsewhere_stays_elsewhere_when_a_device_moves_here(self):
        moved = self.env["fynlo.device"]._pair_new(self.other_location, "Moved")[0]
        there = self.session("server", self.other_location)
        opened = self.opened(session=there, device=moved)
        self.tell(opened, self.closed(opened))
        self.take_in()
        moved.config_id = self.location
        self.assertEqual(self.ask(f"/devices/{moved.fynlo_uuid}/connections").json()["items"], [])
        owned = self.ask(f"/devices/{moved.fynlo_uuid}/connections", self.sign_in("owner")).json()["items"]
        self.assertEqual(len(owned), 1)

    def test_a_failed_import_leaves_the_list_answered(self):
        self.tell(opened := self.opened(seen_ago=5))
        failing = patch.object(connection_import, "ADD_PARTIES", "SELECT 1 / 0, %s, %s, %s, %s, %s, %s, %s, %s")
        with failing, self.assertLogs("odoo.addons.fynlo_pos_core.models.realtime.connection_import", "WARNING"):
            self.assertEqual(self.ask("/devices").status_code, 200)
        self.assertEqual(self.ask(self.path).json()["items"][0]["id"], self.row(opened).fynlo_uuid)

    def test_many_devices_cost_no_more_questions(self):
        def statements():
            before = self.env.cr.sql_log_count
            self.assertEqual(self.ask("/devices?limit=500").status_code, 200)
            return self.env.cr.sql_log_count - before

        self.tell(self.opened(seen_ago=5))
        statements()
        few = statements()
        tills = [self.env["fynlo.device"]._pair_new(self.location, f"Till {turn}")[0] for turn in range(30)]
        self.tell(*(self.opened(device=till) for till in tills))
        statements()
        self.assertEqual(statements(), few)

    def test_redis_away_the_list_is_answered(self):
        with patch.object(connection_import.redis_client, "attempt", lambda _work, otherwise: otherwise):
            self.assertEqual(self.ask("/devices").status_code, 200)

"""Settings over HTTP: who may read and change which section where, and what a change does."""

import json
from unittest.mock import patch
from uuid import UUID, uuid5

from odoo.tests import tagged

from ..controllers import settings_shapes as shapes
from ..tools import process_cache
from ..tools.identifiers import uuid7
from ..tools.settings import settings
from .common import ApiCase

SECTIONS = {
    "business": (shapes.BusinessSettingsView, {"location_name": "Harbour Café ☕"}),
    "taxes": (shapes.TaxesView, {"tax_number": "GB999999973"}),
    "hours": (shapes.HoursView, {"time_zone": "America/New_York", "day_start": "05:30"}),
    "menu": (shapes.MenuSettingsView, {"stock_policy": "warn", "discount_limit_bp": 1000, "scrap_waste": False}),
    "receipt": (
        shapes.ReceiptSettingsView,
        {"header": "Ahoy\nthere", "footer": None, "colour": "#aabbcc", "prefix": "HB", "link_days": 0,
         "tip_rates_bp": [1000, 1500]},
    ),
    "ui": (shapes.UiView, {"tile_columns": 6, "text_size": "large", "show_pictures": False, "lock_after_s": 60}),
    "websocket": (shapes.WebsocketView, {"reconnect_max_s": 60, "poll_s": 20}),
    "sign_in": (shapes.SignInSettingsView, {"pin_session_hours": 8, "session_days": 7}),
    "notifications": (shapes.NotificationsView, {"alert_emails": ["a@fynlo.example", "b@fynlo.example"]}),
    "retention": (shapes.RetentionView, {"request_days": 400, "sign_in_days": 31, "connection_days": 7}),
    "cache": (shapes.CacheSettingsView, {"shared": False, "shared_hours": 1}),
}  # fmt: skip
OF_COMPANY = {"taxes", "sign_in", "notifications", "retention", "cache"}
FOR_MANAGERS = {"sign_in", "notifications", "retention", "cache"}


class SettingsCase(ApiCase):
    def setUp(self):
        super().setUp()
        self.owner, self.manager = self.sign_in("owner"), self.sign_in("manager")

    def section(self, section, token=None, query=""):
        answer = self.api("GET", f"/settings/{section}{query}", token=token or self.manager)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()

    def change(self, section, values, token=None, query="", status=200, **options):
        answer = self.api("PATCH", f"/settings/{section}{query}", values, token=token or self.owner, **options)
        self.assertEqual(answer.status_code, status, answer.text)
        return answer.json()

    def snapshot(self, token=None, query="", **options):
        return self.api("GET", f"/settings{query}", token=token or self.manager, **options)

    def news(self):
        """(topic, data) of the changes told so far; those of the permission map are no settings."""
        domain = [("type", "=", "settings.changed"), ("topic", "not like", ".sync")]
        events = self.env["fynlo.outbox"].search(domain, order="id")
        return [(event.topic, json.loads(event.payload)) for event in events]


@tagged("post_install", "-at_install")
class TestSections(SettingsCase):
    def test_every_section_is_read_and_changed(self):
        for section, (view, values) in SECTIONS.items():
            with self.subTest(section):
                before = view.model_validate_json(json.dumps(self.section(section)))
                home = self.company if section in OF_COMPANY else self.location
                self.assertEqual(before.id, uuid5(UUID(home.fynlo_uuid), section))
                self.assertEqual(
                    before.location_id and str(before.location_id),
                    (None if section in OF_COMPANY else self.location.fynlo_uuid),
                )
                after = self.change(section, values)
                self.assertEqual({name: after[name] for name in values}, values)
                self.assertGreater(after["version"], before.version)
                self.assertEqual(self.section(section), after)
                same = before.model_dump(mode="json").keys() - values.keys() - {"version"}
                self.assertEqual({n: after[n] for n in same}, {n: before.model_dump(mode="json")[n] for n in same})

    def test_what_is_changed_is_odoos_own(self):
        self.change("hours", {"day_start": "05:30"})
        self.change("business", {"phone": "+44 20 7946 0000", "postcode": "W1D 4HS"})
        self.change("receipt", {"tip_rates_bp": []})
        self.assertEqual(self.location.fynlo_day_start, 330)
        self.assertEqual((self.company.phone, self.company.zip), ("+44 20 7946 0000", "W1D 4HS"))
        self.assertFalse(self.location.fynlo_tip_suggestions)
        self.change("sign_in", {"pin_session_hours": 3})
        self.assertEqual(self.company.fynlo_pin_session_hours, 3)

    def test_no_section_tells_a_secret(self):
        for section in SECTIONS:
            text = json.dumps(self.section(section)).lower()
            for word in ("password", "secret", "pepper", "token", 'key"'):
                self.assertNotIn(word, text)

    def test_who_may(self):
        for section in SECTIONS:
            path = f"/settings/{section}"
            with self.subTest(section):
                self.assertProblem(self.api("GET", path), "token_missing", 401)
                self.assertProblem(self.api("PATCH", path, {}), "token_missing", 401)
                cashier, supervisor = self.sign_in("cashier"), self.sign_in("supervisor")
                self.assertProblem(self.api("GET", path, token=cashier), "permission_denied", 403)
                self.assertEqual(self.section(section, supervisor)["section"], section)
                body = SECTIONS[section][1]
                self.assertProblem(self.api("PATCH", path, body, token=supervisor), "permission_denied", 403)
                elsewhere = f"{path}?location_id={self.other_location.fynlo_uuid}"
                self.assertProblem(self.api("GET", elsewhere, token=self.manager), "not_found", 404)
                self.assertProblem(self.api("PATCH", elsewhere, body, token=self.manager), "not_found", 404)
        self.assertFalse(self.news())

    def test_what_all_locations_share_is_the_owners(self):
        for section, values in {
            "business": {"location_name": "X", "phone": "1"},
            "menu": {"scrap_waste": False},
            "taxes": {"tax_number": "GB1"},
            **{name: SECTIONS[name][1] for name in FOR_MANAGERS},
        }.items():
            with self.subTest(section):
                before = self.section(section)
                answer = self.api("PATCH", f"/settings/{section}", values, token=self.manager)
                self.assertEqual(self.assertProblem(answer, "permission_denied", 403)["permission"], "settings.company")
                self.assertEqual(self.section(section), before)
        self.change("menu", {"service_charge_guests": 6}, token=self.manager)
        self.change("business", {"location_name": "Mine"}, token=self.manager)
        self.assertEqual(self.location.name, "Mine")

    def test_an_owner_keeps_every_location(self):
        query = f"?location_id={self.other_location.fynlo_uuid}"
        self.change("ui", {"tile_columns": 9}, query=query)
        self.assertEqual((self.location.fynlo_tile_columns, self.other_location.fynlo_tile_columns), (4, 9))
        self.assertEqual(self.section("ui", self.owner, query)["version"], 2)
        self.assertEqual(self.section("ui")["version"], 1)

    def test_another_company_does_not_exist(self):
        company, location = self.make_company("Rival", chart=None)
        query = f"?location_id={location.fynlo_uuid}"
        self.assertProblem(self.snapshot(self.owner, query), "not_found", 404)
        for section in SECTIONS:
            answer = self.api("PATCH", f"/settings/{section}{query}", SECTIONS[section][1], token=self.owner)
            self.assertProblem(answer, "not_found", 404)
        self.change("sign_in", {"pin_session_hours": 2})
        self.assertEqual(company.fynlo_pin_session_hours, 16)

    def test_bad_input(self):
        cases = [
            ("ui", {}, "body"),
            ("ui", {"theme": "dark"}, "theme"),
            ("ui", {"tile_columns": "4"}, "tile_columns"),
            ("ui", {"tile_columns": 11}, "tile_columns"),
            ("ui", {"tile_columns": None}, "body"),
            ("ui", {"slow_minutes": 50}, None),
            ("ui", {"tile_columns": 10**30}, "tile_columns"),
            ("hours", {"time_zone": "Europe/Atlantis"}, "time_zone"),
            ("hours", {"day_start": "5:30"}, "day_start"),
            ("hours", {"day_start": "13:00"}, None),
            ("receipt", {"colour": "red"}, "colour"),
            ("receipt", {"header": "x" * 1001}, "header"),
            ("receipt", {"header": "a\x1bb"}, "header"),
            ("receipt", {"tip_rates_bp": [1050]}, "tip_rates_bp[0]"),
            ("receipt", {"tip_rates_bp": [100] * 5}, "tip_rates_bp"),
            ("receipt", {"language": "xx_XX"}, "language"),
            ("receipt", {"prefix": self.other_location.fynlo_receipt_prefix}, None),
            ("menu", {"stock_policy": "panic"}, "stock_policy"),
            ("menu", {"service_charge_bp": 1000}, None),
            ("taxes", {"default_tax_id": uuid7()}, "default_tax_id"),
            ("taxes", {"prices_include_tax": True}, "prices_include_tax"),
            ("websocket", {"url": "ws://evil.example"}, "url"),
            ("websocket", {"poll_s": 1}, "poll_s"),
            ("notifications", {"alert_emails": ["nobody"]}, "alert_emails[0]"),
            ("notifications", {"alert_emails": ["a@b.example, c@d.example"]}, "alert_emails[0]"),
            ("notifications", {"alert_emails": ["a@b.example"] * 11}, "alert_emails"),
            ("retention", {"request_days": 1}, "request_days"),
            ("cache", {"shared_hours": 1.5}, "shared_hours"),
            ("business", {"name": ""}, "name"),
            ("business", {"id": uuid7()}, "id"),
        ]
        for section, body, field in cases:
            with self.subTest(section, body=str(body)[:60]):
                before = self.section(section)
                answer = self.api("PATCH", f"/settings/{section}", body, token=self.owner)
                problem = self.assertProblem(answer, "validation_failed", 422)
                if field and body:
                    self.assertEqual([error["field"] for error in problem["errors"]], [field])
                self.assertEqual(self.section(section), before)
        huge = self.api("PATCH", "/settings/receipt", {"header": "x" * 2_000_000}, token=self.owner)
        self.assertProblem(huge, "body_too_large", 413)
        self.assertProblem(self.api("PATCH", "/settings/ui", [], token=self.owner), "validation_failed", 422)
        self.assertProblem(self.api("GET", "/settings/nothing", token=self.owner), "not_found", 404)
        self.assertProblem(self.api("GET", "/settings?location_id=1", token=self.owner), "validation_failed", 422)


@tagged("post_install", "-at_install")
class TestSettingsChanges(SettingsCase):
    def test_two_managers_do_not_overwrite_each_other(self):
        seen = self.api("GET", "/settings/ui", token=self.manager)
        known = {"If-Match": seen.headers["ETag"]}
        first = self.change("ui", {"tile_columns": 5}, headers=known)
        answer = self.api("PATCH", "/settings/ui", {"tile_columns": 6}, token=self.manager, headers=known)
        problem = self.assertProblem(answer, "version_conflict", 409)
        self.assertEqual(problem["current"], first)
        self.assertEqual(self.location.fynlo_tile_columns, 5)
        self.change("ui", {"tile_columns": 6}, headers={"If-Match": f'"v{first["version"]}"'})

    def test_a_change_in_the_back_office_counts_too(self):
        known = {"If-Match": self.api("GET", "/settings/ui", token=self.manager).headers["ETag"]}
        self.location.fynlo_slow_minutes = 7
        answer = self.api("PATCH", "/settings/ui", {"tile_columns": 6}, token=self.manager, headers=known)
        self.assertEqual(self.assertProblem(answer, "version_conflict", 409)["current"]["slow_minutes"], 7)

    def test_a_shared_section_has_one_version(self):
        first = self.change("menu", {"discount_limit_bp": 100})
        second = self.change("menu", {"stock_policy": "warn"})
        self.assertEqual(second["version"], first["version"] + 1)
        query = f"?location_id={self.other_location.fynlo_uuid}"
        self.assertEqual(self.section("menu", self.owner, query)["version"], first["version"])

    def test_what_stays_the_same_is_no_change(self):
        before, told = self.section("ui"), len(self.news())
        same = self.change("ui", {"tile_columns": before["tile_columns"]})
        self.assertEqual((same, len(self.news())), (before, told))

    def test_a_repeated_request_changes_once(self):
        key = uuid7()
        first = self.change("ui", {"tile_columns": 7}, key=key)
        self.location.fynlo_tile_columns = 3
        self.assertEqual(self.change("ui", {"tile_columns": 7}, key=key), first)
        self.assertEqual(self.location.fynlo_tile_columns, 3)
        other = self.api("PATCH", "/settings/ui", {"tile_columns": 8}, token=self.owner, key=key)
        self.assertProblem(other, "idempotency_key_reused", 422)

    def test_the_audit_log_has_before_and_after(self):
        self.change("receipt", {"header": "New", "colour": "#000000"})
        self.location.fynlo_lock_after_s = 90
        self.env.cr.flush()
        log = self.env["fynlo.audit.log"].search([("action", "=", "settings.changed")], order="id")
        self.assertEqual(
            [(entry.resource_id, json.loads(entry.before), json.loads(entry.after)) for entry in log],
            [
                (
                    self.location.fynlo_uuid,
                    {"section": "receipt", "header": None, "colour": "#1f3a5f"},
                    {"section": "receipt", "header": "New", "colour": "#000000"},
                ),
                (
                    self.location.fynlo_uuid,
                    {"section": "ui", "lock_after_s": 0},
                    {"section": "ui", "lock_after_s": 90},
                ),
            ],
        )
        self.assertEqual(log[0].actor, self.employee("owner").name)
        self.assertTrue(all(one["ok"] for one in self.env["fynlo.audit.log"]._verify(self.company)))

    def test_tills_and_devices_hear_the_whole_section(self):
        device = self.device()[0]
        section = self.change("ui", {"tile_columns": 7})
        self.assertEqual(
            self.news(), [(f"l.{self.location.fynlo_uuid}.till", section), (f"d.{device.fynlo_uuid}", section)]
        )

    def test_what_all_share_is_told_everywhere(self):
        self.change("taxes", {"tax_number": "GB12"})
        topics = {topic for topic, _data in self.news()}
        homes = self.env["pos.config"].search([("company_id", "=", self.company.id)])
        self.assertLessEqual({f"l.{place.fynlo_uuid}.till" for place in homes}, topics)
        self.assertEqual({data["tax_number"] for _topic, data in self.news()}, {"GB12"})

    def test_what_is_for_managers_is_told_to_managers(self):
        for section in FOR_MANAGERS:
            self.change(section, SECTIONS[section][1])
        self.assertEqual({topic for topic, _data in self.news()}, {f"c.{self.company.fynlo_uuid}.dashboard"})
        self.assertEqual({data["section"] for _topic, data in self.news()}, FOR_MANAGERS)

    def test_a_refused_change_leaves_nothing(self):
        self.api("PATCH", "/settings/ui", {"tile_columns": 5, "slow_minutes": 500}, token=self.owner)
        self.assertEqual((self.location.fynlo_tile_columns, self.news()), (4, []))
        self.assertFalse(self.env["fynlo.settings.version"].search([("config_id", "=", self.location.id)]))


@tagged("post_install", "-at_install")
class TestSnapshot(SettingsCase):
    def test_a_till_reads_it_all_at_once(self):
        for role in ("kitchen", "server"):
            answer = self.snapshot(self.sign_in(role))
            told = shapes.SettingsView.model_validate_json(answer.content)
            self.assertEqual(str(told.id), self.location.fynlo_uuid)
            self.assertEqual(told.websocket.url, settings().ws_url)
        for section in SECTIONS.keys() - FOR_MANAGERS:
            self.assertEqual(answer.json()[section], self.section(section))
        self.assertFalse(FOR_MANAGERS & answer.json().keys())
        self.assertProblem(self.api("GET", "/settings"), "token_missing", 401)

    def test_a_till_that_has_it_is_told_so(self):
        tag = self.snapshot().headers["ETag"]
        self.assertEqual(self.snapshot(headers={"If-None-Match": tag}).status_code, 304)
        self.change("ui", {"tile_columns": 8})
        changed = self.snapshot(headers={"If-None-Match": tag})
        self.assertEqual((changed.status_code, changed.json()["ui"]["tile_columns"]), (200, 8))

    def test_every_change_is_seen_with_the_next_request(self):
        """Whoever makes it, wherever it is kept; also in a process that finds the old one in Redis."""
        tax = self.env["account.tax"].create(
            {"name": f"Sales {uuid7()}", "amount": 20, "type_tax_use": "sale", "company_id": self.company.id}
        )
        changes = [
            (self.location, {"name": "Renamed"}, "business"),
            (self.company.partner_id, {"vat": "GB1234"}, "taxes"),
            (self.company, {"street": "Old Compton Street"}, "business"),
            (self.company, {"account_sale_tax_id": tax.id}, "taxes"),
            (self.company, {"fynlo_stock_policy": "refuse"}, "menu"),
            (self.location, {"fynlo_day_start_clock": 6.5}, "hours"),
            (self.location, {"fynlo_receipt_footer": "Bye"}, "receipt"),
            (self.location, {"fynlo_poll_s": 60}, "websocket"),
        ]
        for record, values, section in changes:
            with self.subTest(section, **values):
                before = self.snapshot().json()
                record.write(values)
                after = self.snapshot().json()
                self.assertNotEqual(after[section], before[section])
                self.assertEqual({k for k in before if before[k] != after[k]}, {section, "version"})
                process_cache.forget()
                self.assertEqual(self.snapshot().json(), after)

    def test_what_is_no_setting_makes_no_version(self):
        guest = self.env["res.partner"].create({"name": "Guest", "phone": "1"})
        self.env.cr.flush()
        before = self.company.fynlo_settings_version
        guest.write({"phone": "2", "name": "Guest 2"})
        self.location._fynlo_take_device_number()
        self.location.fynlo_receipt_paper = "58"
        self.env.cr.flush()
        self.env.invalidate_all()
        self.assertEqual(self.company.fynlo_settings_version, before)

    def test_what_is_undone_is_not_kept(self):
        service, version = self.env["fynlo.settings"], 88_000_001
        with self.env.cr.savepoint() as undone:
            self.location.fynlo_tile_columns = 9
            told = json.loads(service._snapshot(self.location.id, self.location.fynlo_uuid, version).raw)
            self.assertEqual(told["ui"]["tile_columns"], 9)
            undone.close(rollback=True)
        self.env.invalidate_all()
        self.env.cr.precommit.clear()
        told = json.loads(service._snapshot(self.location.id, self.location.fynlo_uuid, version).raw)
        self.assertEqual(told["ui"]["tile_columns"], 4)

    def test_locations_do_not_get_each_others(self):
        version, service = 88_000_002, self.env["fynlo.settings"]
        other, location = self.make_company("Rival", chart=None)
        for place, company in ((self.location, self.company), (location, other), (self.other_location, self.company)):
            told = json.loads(service._snapshot(place.id, place.fynlo_uuid, version).raw)
            self.assertEqual((told["id"], told["business"]["name"]), (place.fynlo_uuid, company.name))

    def test_another_address_of_the_gateway_is_told_at_once(self):
        self.snapshot()
        with patch.dict("os.environ", FYNLO_WS_URL="wss://new.example/ws/v1"):
            settings.cache_clear()
            self.assertEqual(self.snapshot().json()["websocket"]["url"], "wss://new.example/ws/v1")
        settings.cache_clear()

    def test_a_till_hears_its_line_at_sign_in(self):
        self.location.fynlo_poll_s = 42
        line = self.session("server")["websocket"]
        self.assertEqual(line, {"url": settings().ws_url, "reconnect_max_s": 30, "poll_s": 42})

"""Caches: bounded, counted, out of date with the change itself, and never anybody else's."""

import json
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from ..models.identity import access as access_module
from ..models.orders import location_facts
from ..rest import metrics
from ..tools import clock, prepared_bytes, process_cache, redis_client
from ..tools.identifiers import uuid7
from .common import ApiCase, use_test_settings
from .shop import Shop


def small_cache(**limits):
    """A cache of texts that no other code knows."""
    with patch.dict(process_cache._caches):
        return process_cache.ProcessCache("test", **{"max_entries": 3, "max_bytes": 100, "weigh": len, **limits})


@tagged("post_install", "-at_install")
class TestProcessCache(TransactionCase):
    def test_a_value_is_good_for_its_version_alone(self):
        cache = small_cache()
        cache.put("menu", 1, "one")
        self.assertEqual(cache.get("menu", 1), "one")
        self.assertIsNone(cache.get("menu", 2))
        cache.put("menu", 2, "two")
        self.assertIsNone(cache.get("menu", 1))
        usage = cache.usage()
        self.assertEqual((usage.hits, usage.misses, usage.entries, usage.bytes), (1, 2, 1, 3))

    def test_the_least_recently_used_goes_first(self):
        cache = small_cache()
        for key in "abc":
            cache.put(key, 1, key)
        cache.get("a", 1)
        cache.put("d", 1, "d")
        self.assertEqual([bool(cache.get(key, 1)) for key in "abcd"], [True, False, True, True])
        self.assertEqual(cache.usage().evictions, 1)

    def test_it_never_outweighs_its_limit(self):
        cache = small_cache(max_entries=1000)
        for number in range(500):
            cache.put(number, 1, "x" * (number % 60))
            self.assertLessEqual(cache.usage().bytes, 100)
        cache.put("huge", 1, "x" * 1000)
        self.assertEqual((cache.usage().entries, cache.get("huge", 1)), (1, "x" * 1000))
        cache.clear()
        self.assertEqual((cache.usage().entries, cache.usage().bytes), (0, 0))


@tagged("post_install", "-at_install")
class TestCachedCatalogue(Shop, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        prepared_bytes.forget()

    def prepared(self, version, location=None):
        location = location or self.location
        return self.env["fynlo.menu"]._prepared(location.id, location.fynlo_uuid, version)

    def menu_price(self, version):
        """What the pizza costs on the prepared menu."""
        products = json.loads(self.prepared(version).raw)["products"]
        (pizza,) = [one for one in products if one["name"] == "Margherita"]
        return pizza["variants"][0]["price"]["amount"]

    def test_the_same_version_of_two_companies_is_two_menus(self):
        other_company = self.env["res.company"].create({"name": f"Other {uuid7()}"})
        locations = self.env["pos.config"].with_company(other_company)
        other = locations.create({"name": "Other", "company_id": other_company.id, "payment_method_ids": False})
        self.env.cr.flush()
        version = 77_000_001
        ours, theirs = self.prepared(version), self.prepared(version, other)
        self.assertIn(b"Margherita", ours.raw)
        self.assertNotIn(b"Margherita", theirs.raw)
        prepared_bytes.forget()  # now from Redis, or made anew where there is none
        self.assertEqual((self.prepared(version).raw, self.prepared(version, other).raw), (ours.raw, theirs.raw))

    def test_the_same_version_of_two_companies_is_two_permission_maps(self):
        other = self.env["res.company"].create({"name": f"Other {uuid7()}"})
        row = self.env["fynlo.permission.map"].search([("company_id", "=", other.id), ("code", "=", "order.create")])
        row.server = False
        version, access = 77_000_002, self.env["fynlo.access"]
        held = [access._cached_permissions(company.id, version, "server") for company in (self.company, other)] * 2
        self.assertEqual(["order.create" in codes for codes in held], [True, False, True, False])

    def test_a_change_of_the_catalogue_is_seen_with_the_next_version(self):
        facts = self.env["fynlo.location.facts"]
        version = 77_000_003
        self.assertEqual(facts._of(self.location.id, version).variants[self.menu.pizza.fynlo_uuid].price, 1000)
        self.menu.pizza.list_price = 12.5
        self.env.cr.flush()
        self.assertEqual(facts._of(self.location.id, version).variants[self.menu.pizza.fynlo_uuid].price, 1000)
        self.assertEqual(facts._of(self.location.id, version + 1).variants[self.menu.pizza.fynlo_uuid].price, 1250)
        self.assertIsNone(location_facts._cache.get((self.env.cr.dbname, self.location.id), version))

    def test_what_is_not_committed_is_not_kept(self):
        """A transaction that changes the catalogue sees its change; if it is undone, nobody else did."""
        version = 77_000_010
        with self.env.cr.savepoint() as undone:
            self.menu.pizza.list_price = 99
            self.env.flush_all()
            self.assertEqual(self.menu_price(version), 9900)
            facts = self.env["fynlo.location.facts"]._of(self.location.id, version)
            self.assertEqual(facts.variants[self.menu.pizza.fynlo_uuid].price, 9900)
            undone.close(rollback=True)
        self.env.invalidate_all()
        self.env.cr.precommit.clear()
        self.assertEqual(self.menu_price(version), 1000)
        facts = self.env["fynlo.location.facts"]._of(self.location.id, version)
        self.assertEqual(facts.variants[self.menu.pizza.fynlo_uuid].price, 1000)


@tagged("post_install", "-at_install")
class TestSharedAnswers(TransactionCase):
    """Prepared answers in Redis."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        use_test_settings(cls)

    def setUp(self):
        super().setUp()
        prepared_bytes.forget()
        self.key, self.now = f"menu:test:{uuid7()}", clock.now()
        self.answer = prepared_bytes.prepare(b'{"a": 1}', "m1", self.now.replace(year=self.now.year + 1))

    def keep(self):
        if not redis_client.attempt(lambda client: client.ping(), False):
            self.skipTest("needs a Redis server")
        prepared_bytes.keep(self.key, 1, self.answer)
        prepared_bytes.forget()
        return prepared_bytes._redis_key(self.key)

    def test_another_process_finds_the_version_it_asks_for(self):
        self.keep()
        self.assertIsNone(prepared_bytes.find(self.key, 2, self.now))
        self.assertEqual(prepared_bytes.find(self.key, 1, self.now), self.answer)

    def test_a_new_version_takes_the_place_of_the_old(self):
        self.keep()
        prepared_bytes.keep(self.key, 2, self.answer)
        prepared_bytes.forget()
        self.assertIsNone(prepared_bytes.find(self.key, 1, self.now))
        self.assertEqual(prepared_bytes.find(self.key, 2, self.now), self.answer)

    def test_damage_counts_as_nothing(self):
        name = self.keep()
        whole = redis_client.attempt(lambda client: client.get(name), b"")
        for damaged in (b"", b"x", whole[:20], whole[:-6], whole[:-30] + b"z" * 30, b"1\n" + whole):
            with self.subTest(damaged[:10]):
                redis_client.attempt(lambda client, damaged=damaged: client.set(name, damaged), None)
                self.assertIsNone(prepared_bytes.find(self.key, 1, self.now))

    def test_without_redis_the_process_has_its_own(self):
        with patch.object(redis_client, "attempt", lambda _work, otherwise: otherwise):
            self.assertIsNone(prepared_bytes.find(self.key, 1, self.now))
            prepared_bytes.keep(self.key, 1, self.answer)
            self.assertEqual(prepared_bytes.find(self.key, 1, self.now), self.answer)


@tagged("post_install", "-at_install")
class TestCachesSeen(ApiCase):
    def test_a_permission_taken_away_is_gone_with_the_next_request(self):
        token = self.sign_in("manager")
        self.assertEqual(self.api("GET", "/health/details", token=token).status_code, 200)
        row = self.env["fynlo.permission.map"].search(
            [("company_id", "=", self.company.id), ("code", "=", "settings.read")]
        )
        row.manager = False
        self.assertProblem(self.api("GET", "/health/details", token=token), "permission_denied", 403)
        row.manager = True
        self.assertEqual(self.api("GET", "/health/details", token=token).status_code, 200)

    def test_hits_and_misses_are_seen(self):
        token = self.sign_in("manager")
        cached = self.permissions_cache(token)
        access_module._permissions.clear()
        self.api("GET", "/auth/me", token=token)
        self.api("GET", "/auth/me", token=token)
        after = self.permissions_cache(token)
        self.assertEqual(after["misses"], cached["misses"] + 1)
        self.assertEqual(after["hits"], cached["hits"] + 2)  # one of them asked for this figure
        self.assertGreaterEqual(after["entries"], 1)
        self.assertGreater(after["bytes"], 100)
        self.assertLess(0, after["hit_rate"], after)
        text = self.api("GET", "/metrics").text
        for sample in ("hits_total", "misses_total", "entries", "bytes"):
            self.assertRegex(text, rf'\nfynlo_cache_{sample}\{{cache="permissions"\}} [1-9]')

    def permissions_cache(self, token):
        caches = self.api("GET", "/health/details", token=token).json()["caches"]
        return next(cache for cache in caches if cache["name"] == "permissions")

    def test_without_redis_the_figures_are_the_process_s_own(self):
        metrics.flush()
        with patch.object(redis_client, "attempt", lambda _work, otherwise: otherwise):
            names = {cache["name"] for cache in metrics.caches()}
        self.assertEqual(names, {"permissions", "location_facts", "menu", "menu_redis"})

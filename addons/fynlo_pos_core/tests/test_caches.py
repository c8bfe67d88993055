"""Caches: bounded, counted, out of date with the change itself, and never anybody else's."""

import gzip
import json
import os
import secrets
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import redis
from odoo.tests import BaseCase, TransactionCase, tagged

from ..models.identity import access as access_module
from ..models.orders import location_facts
from ..rest import metrics
from ..tools import (
    clock,
    layered_cache,
    prepared_bytes,
    process_cache,
    redis_client,
    secret_hash,
    shared_cache,
)
from ..tools.identifiers import uuid7
from .common import ApiCase, forget_settings, use_test_settings
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
        process_cache.forget()

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
        process_cache.forget()  # now from Redis, or made anew where there is none
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
        self.assertIsNone(location_facts._cache.process.peek(f"{self.env.cr.dbname}:{self.location.id}", version))

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
class TestSharedCache(TransactionCase):
    """What lies in Redis is used only if one of our processes wrote it for this key and version."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        use_test_settings(cls)

    def setUp(self):
        super().setUp()
        self.cache = self.new_cache()
        self.key = f"db:{uuid7()}"
        self.answer = self.answer_of(b'{"a": 1}')

    def new_cache(self, shape="1"):
        """The cache as another process has it: empty, over the same Redis."""
        with patch.dict(process_cache._caches):
            return prepared_bytes.cache_of_answers("test", shape)

    def answer_of(self, raw, shared_s=60):
        return prepared_bytes.prepare(raw, "m1", clock.now() + timedelta(days=2), shared_s)

    def keep(self, answer=None):
        """The name in Redis of what the cache left there."""
        if not redis_client.attempt(lambda client: client.ping(), False):
            self.skipTest("needs a Redis server")
        self.cache.obtain(self.key, 1, lambda: answer or self.answer)
        return self.cache.shared.redis_name(self.key)

    def found(self, key=None, version=1, cache=None):
        """What another process finds; ``None`` when it had to make its own."""
        cache = cache or self.new_cache()
        made = self.answer_of(b"made anew")
        self.usage_of = cache.shared.usage
        told = cache.obtain(key or self.key, version, lambda: made)
        return None if told is made else told

    def test_another_process_finds_the_version_it_asks_for(self):
        self.keep()
        self.assertEqual(self.found(), self.answer)
        self.assertEqual((self.usage_of().hits, self.usage_of().misses), (1, 0))
        self.assertIsNone(self.found(version=2))
        self.assertEqual((self.usage_of().hits, self.usage_of().misses, self.usage_of().rejected), (0, 1, 0))

    def test_a_new_version_takes_the_place_of_the_old(self):
        self.keep()
        newer = self.answer_of(b"newer")
        self.cache.obtain(self.key, 2, lambda: newer)
        self.assertEqual(self.found(version=2), newer)
        self.assertIsNone(self.found(version=1))

    def test_damage_counts_as_nothing(self):
        name = self.keep()
        whole = redis_client.attempt(lambda client: client.get(name), b"")
        flipped = whole[:-3] + bytes([whole[-3] ^ 1]) + whole[-2:]
        for damaged in (b"x", whole[:20], whole[:-6], flipped, b"1\n" + whole, whole + b"\0", b"z" * 100_000):
            with self.subTest(damaged[:10]):
                redis_client.attempt(lambda client, damaged=damaged: client.set(name, damaged), None)
                self.assertIsNone(self.found())
                self.assertEqual((self.usage_of().misses, self.usage_of().rejected), (1, 1))

    def test_another_kind_of_value_does_not_make_redis_away(self):
        name = self.keep()
        redis_client.attempt(lambda client: (client.delete(name), client.lpush(name, "a")), None)
        self.assertIsNone(self.found())
        self.assertEqual(self.usage_of().rejected, 1)
        self.assertTrue(redis_client.attempt(lambda client: client.ping(), False))
        self.assertIsNotNone(self.found(), "the next value took its place")

    def test_what_belongs_to_another_key_is_not_taken(self):
        """Another company's menu, another database's or another cache's, copied to where ours should be."""
        name, other = self.keep(), f"db:{uuid7()}"
        there = self.cache.shared.redis_name(other)
        redis_client.attempt(lambda client: client.copy(name, there), None)
        self.assertIsNone(self.found(key=other))
        self.assertEqual(self.usage_of().rejected, 1)

    def test_another_secret_is_another_system(self):
        self.keep()
        with patch.object(secret_hash, "keyed", lambda _purpose, _secret: "00" * 32):
            self.assertIsNone(self.found())
        with patch.object(secret_hash, "keyed", side_effect=secret_hash.PepperMissing):
            self.assertIsNone(self.found())

    def test_releases_do_not_see_each_other(self):
        self.keep()
        self.assertIsNone(self.found(cache=self.new_cache(shape="2")))
        self.assertEqual(self.usage_of().rejected, 0)
        self.assertEqual(self.found(), self.answer)

    def test_a_bomb_does_not_unfold(self):
        bomb = replace(self.answer, compressed=gzip.compress(b"0" * (prepared_bytes.MAX_RAW_BYTES + 1)))
        self.keep(bomb)
        self.assertIsNone(self.found())
        self.assertEqual(self.usage_of().rejected, 1)

    def test_what_is_too_large_stays_with_its_process(self):
        big = self.answer_of(secrets.token_bytes(shared_cache.MAX_BYTES))
        name = self.keep(big)
        self.assertFalse(redis_client.attempt(lambda client: client.exists(name), None))
        self.assertIs(self.cache.obtain(self.key, 1, self.fail), big)

    def test_redis_keeps_it_as_long_as_its_company_wants(self):
        name = self.keep()
        self.assertIn(redis_client.attempt(lambda client: client.ttl(name), None), range(50, 61))
        self.key = f"db:{uuid7()}"
        name = self.keep(self.answer_of(b"mine", shared_s=0))
        self.assertFalse(redis_client.attempt(lambda client: client.exists(name), None))

    def test_a_full_redis_is_no_outage(self):
        def full(*_args, **_options):
            raise redis.ResponseError("OOM command not allowed when used memory > 'maxmemory'.")

        with patch.object(redis.Redis, "set", full):
            self.cache.obtain(self.key, 1, lambda: self.answer)
        self.assertFalse(redis_client.breaker().is_open)

    def test_without_redis_the_process_has_its_own(self):
        with patch.object(redis_client, "attempt", lambda _work, otherwise: otherwise):
            self.assertIs(self.cache.obtain(self.key, 1, lambda: self.answer), self.answer)
            self.assertIs(self.cache.obtain(self.key, 1, self.fail), self.answer)

    def test_a_redis_that_hangs_is_asked_once(self):
        """A listener that accepts and says nothing: the first question waits for a moment, the next for none."""
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            address = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
            with patch.dict(os.environ, FYNLO_REDIS_URL=address):
                self.addCleanup(forget_settings)
                forget_settings()
                self.assertIs(self.cache.obtain(self.key, 1, lambda: self.answer), self.answer)
                self.assertTrue(redis_client.breaker().is_open)
                with patch.object(redis_client, "_client", self.fail):
                    self.cache.obtain(self.key, 2, lambda: self.answer)


@tagged("post_install", "-at_install")
class TestLayeredCache(BaseCase):
    def cache(self, **options):
        with patch.dict(process_cache._caches):
            return layered_cache.LayeredCache("test", max_entries=10, max_bytes=1000, weigh=len, **options)

    def test_one_thread_makes_it_for_all(self):
        cache, made, release = self.cache(), [], threading.Event()

        def make():
            made.append(threading.get_ident())
            release.wait(30)
            return "value"

        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(cache.obtain, "key", 1, make) for _ in range(8)]
            other = pool.submit(cache.obtain, "other", 1, lambda: "free")
            self.assertFalse(any(one.done() for one in asked))
            release.set()
            self.assertEqual({one.result(30) for one in asked}, {"value"})
            self.assertEqual(other.result(30), "free")
        self.assertEqual(len(made), 1)

    def test_who_waits_for_one_that_fails_makes_its_own(self):
        cache, begun, release, turns = self.cache(), threading.Event(), threading.Event(), []

        def make():
            turns.append(1)
            if len(turns) == 1:
                begun.set()
                release.wait(30)
                raise ValueError("broken")
            return "value"

        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(cache.obtain, "key", 1, make)
            begun.wait(30)
            second = pool.submit(cache.obtain, "key", 1, make)
            release.set()
            self.assertIsInstance(first.exception(30), ValueError)
            self.assertEqual(second.result(30), "value")
        self.assertEqual(cache._at_work, {})

    def test_what_takes_too_long_is_made_twice(self):
        cache, begun, release = self.cache(), threading.Event(), threading.Event()

        def slow():
            begun.set()
            release.wait(30)
            return "slow"

        with ThreadPoolExecutor(1) as pool, patch.object(layered_cache, "PATIENCE_S", 0.01):
            first = pool.submit(cache.obtain, "key", 1, slow)
            begun.wait(30)
            self.assertEqual(cache.obtain("key", 1, lambda: "own"), "own")
            release.set()
            self.assertEqual(first.result(30), "slow")

    def test_what_is_not_to_be_kept_is_made_every_time(self):
        cache = self.cache()
        self.assertEqual(cache.obtain("key", 1, lambda: "mine", keep=False), "mine")
        self.assertEqual(cache.obtain("key", 1, lambda: "ours"), "ours")

    def test_what_is_no_longer_good_is_made_anew(self):
        good = {"old": True}
        cache = self.cache(is_good=lambda value: good.get(value, True))
        cache.obtain("key", 1, lambda: "old")
        self.assertEqual(cache.obtain("key", 1, self.fail), "old")
        good["old"] = False
        self.assertEqual(cache.obtain("key", 1, lambda: "new"), "new")


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
        access_module._permissions.process.clear()
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
        ours = {
            "permissions",
            "permissions_redis",
            "location_facts",
            "menu",
            "menu_redis",
            "settings",
            "settings_redis",
        }
        self.assertLessEqual(ours, names)  # addons have caches of their own

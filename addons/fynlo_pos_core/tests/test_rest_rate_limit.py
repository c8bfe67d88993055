"""GCRA against a plain oracle, in Redis and in the process; nothing waits for a slow Redis."""

import random
import socket
import threading
import time
from dataclasses import replace
from unittest.mock import patch
from uuid import uuid4

from odoo.tests import BaseCase, tagged

from ..rest import rate_limit
from ..rest.problem import Problem
from ..tools import redis_client
from ..tools.settings import RateLimit, settings

MODULE = "odoo.addons.fynlo_pos_core"


class Bucket:
    """The oracle: a bucket of ``burst`` tokens that gains one every ``interval``."""

    def __init__(self, interval, burst):
        self.interval, self.burst = interval, burst
        self.tokens, self.seen = float(burst), None

    def take(self, moment):
        """(allowed, tokens left, time to wait)."""
        if self.seen is not None:
            self.tokens = min(self.burst, self.tokens + (moment - self.seen) / self.interval)
        self.seen = moment
        if self.tokens < 1 - 1e-9:
            return False, 0, (1 - self.tokens) * self.interval
        self.tokens -= 1
        return True, int(self.tokens + 1e-9), 0.0


@tagged("post_install", "-at_install")
class TestRateLimit(BaseCase):
    def setUp(self):
        super().setUp()
        redis_client.reset()
        self.addCleanup(redis_client.reset)

    def use(self, **changes):
        changed = replace(settings(), stream_prefix=f"test:{uuid4()}:", **changes)
        for place in (f"{MODULE}.rest.rate_limit.settings", f"{MODULE}.tools.redis_client.settings"):
            patcher = patch(place, lambda: changed)
            patcher.start()
            self.addCleanup(patcher.stop)
        return changed

    def test_the_rule_against_the_oracle(self):
        for seed in range(200):
            chance = random.Random(seed)
            interval, burst = chance.choice([1_000, 33_333, 1_000_000]), chance.randint(1, 12)
            bucket, key, moment = Bucket(interval, burst), str(uuid4()), 1e12
            for _turn in range(60):
                moment += chance.choice([0, 0, 1, interval // 2, interval, interval * burst * 2])
                expected = bucket.take(moment)
                found = rate_limit.spend_locally(key, interval, burst, moment)
                self.assertEqual(found[:2], expected[:2], f"seed {seed}")
                self.assertAlmostEqual(found[2], expected[2], delta=2)

    def test_redis_follows_the_same_rule(self):
        client = redis_client._client()
        key, burst = f"test:{uuid4()}", 5
        found = [rate_limit._spend_shared(client, key, 60_000_000, burst) for _turn in range(7)]
        self.assertEqual([verdict[:2] for verdict in found[:5]], [(True, left) for left in (4, 3, 2, 1, 0)])
        for allowed, left, wait_us in found[5:]:
            self.assertEqual((allowed, left), (False, 0))
            self.assertAlmostEqual(wait_us, 60_000_000, delta=2_000_000)
        self.assertLessEqual(client.pttl(key), 5 * 60_000 + 1000)
        client.delete(key)

    def test_budgets_and_subjects_are_apart(self):
        self.use(rate_limits={"default": RateLimit(1, 1), "money": RateLimit(1, 1)})
        rate_limit.spend("default", "till 1")
        rate_limit.spend("default", "till 2")
        rate_limit.spend("money", "till 1")
        with self.assertRaises(Problem) as caught:
            rate_limit.spend("default", "till 1")
        self.assertEqual(caught.exception.code, "rate_limited")
        self.assertEqual(caught.exception.headers["Retry-After"], "1")

    def test_an_ipv6_host_is_its_network(self):
        self.use(rate_limits={"address": RateLimit(1, 1)})
        rate_limit.spend_address("address", "2001:db8:1:2::1")
        with self.assertRaises(Problem):
            rate_limit.spend_address("address", "2001:db8:1:2:ffff::9")
        rate_limit.spend_address("address", "2001:db8:1:3::1")
        rate_limit.spend_address("address", "192.0.2.1")

    def test_without_redis_the_process_counts(self):
        self.use(rate_limits={"default": RateLimit(1, 2)}, redis_url="redis://127.0.0.1:1/0")
        left = [rate_limit.spend("default", "till")["RateLimit-Remaining"] for _turn in range(2)]
        self.assertEqual(left, ["1", "0"])
        with self.assertRaises(Problem):
            rate_limit.spend("default", "till")

    def test_a_redis_that_does_not_answer_is_left_alone(self):
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            url = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"
            self.use(rate_limits={"default": RateLimit(1000, 1000)}, redis_url=url)
            started = time.monotonic()
            rate_limit.spend("default", "till")
            first = time.monotonic() - started
            for _turn in range(200):
                rate_limit.spend("default", "till")
            rest = time.monotonic() - started - first
        self.assertLess(first, 1.0)
        self.assertLess(rest, 0.5)

    def test_memory_stays_bounded(self):
        with patch.object(rate_limit, "MAX_LOCAL_SUBJECTS", 50):
            for number in range(500):
                rate_limit.spend_locally(f"bound {number}", 1_000_000, 2, 1e12)
            self.assertLessEqual(len(rate_limit._local), 52)
            rate_limit.spend_locally("bound rested", 1_000_000, 2, 1e15)

    def test_threads_share_one_allowance(self):
        allowed, key = [], str(uuid4())

        def work():
            allowed.extend(rate_limit.spend_locally(key, 1_000_000, 50, 1e12)[0] for _turn in range(20))

        threads = [threading.Thread(target=work) for _turn in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sum(allowed), 50)

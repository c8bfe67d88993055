"""A Redis that is away, hangs or refuses costs one wait a pause, never one a request."""

import socket
import threading
import time
from dataclasses import replace
from unittest.mock import patch

import redis
from odoo.tests import BaseCase, tagged

from ..rest import metrics
from ..tools import redis_client
from ..tools.circuit_breaker import CircuitBreaker
from ..tools.settings import settings

FIRST, LONGEST = 2.0, 16.0


@tagged("post_install", "-at_install")
class TestCircuitBreaker(BaseCase):
    def setUp(self):
        super().setUp()
        self.now = 100.0
        self.breaker = CircuitBreaker(FIRST, LONGEST, clock=lambda: self.now)

    def fail(self):
        self.assertTrue(self.breaker.admit())
        self.breaker.failed()

    def test_it_lets_everybody_through_while_the_server_answers(self):
        for _turn in range(100):
            self.assertTrue(self.breaker.admit())
            self.breaker.succeeded()
        self.assertEqual((self.breaker.openings, self.breaker.spared, self.breaker.is_open), (0, 0, False))

    def test_after_a_failure_nobody_asks_until_the_pause_is_over(self):
        self.fail()
        self.now += FIRST - 0.01
        self.assertEqual([self.breaker.admit() for _turn in range(5)], [False] * 5)
        self.assertEqual((self.breaker.openings, self.breaker.spared, self.breaker.is_open), (1, 5, True))

    def test_one_alone_tries_again(self):
        self.fail()
        self.now += FIRST
        self.assertEqual([self.breaker.admit() for _turn in range(4)], [True, False, False, False])
        self.breaker.succeeded()
        self.assertEqual([self.breaker.admit() for _turn in range(4)], [True] * 4)
        self.assertFalse(self.breaker.is_open)

    def test_the_pause_doubles_up_to_a_limit_and_begins_small_again(self):
        self.fail()
        pauses = []
        for _turn in range(6):
            asked_at = self.now
            while not self.breaker.admit():
                self.now += 0.5
            pauses.append(self.now - asked_at)
            self.breaker.failed()
        self.assertEqual(pauses, [2.0, 4.0, 8.0, 16.0, 16.0, 16.0])
        self.now += LONGEST
        self.assertTrue(self.breaker.admit())
        self.breaker.succeeded()
        self.fail()
        self.now += FIRST
        self.assertTrue(self.breaker.admit())
        self.assertEqual(self.breaker.openings, 2)

    def test_calls_that_were_under_way_do_not_lengthen_the_pause(self):
        for _turn in range(8):
            self.assertTrue(self.breaker.admit())
        for _turn in range(8):
            self.breaker.failed()
        self.now += FIRST
        self.assertTrue(self.breaker.admit())
        self.assertEqual(self.breaker.openings, 1)

    def test_a_trial_that_learned_nothing_leaves_room_for_another(self):
        self.fail()
        self.now += FIRST
        self.assertTrue(self.breaker.admit())
        self.breaker.abandoned()
        self.assertTrue(self.breaker.admit())

    def test_of_many_threads_one_tries(self):
        self.fail()
        self.now += FIRST
        admitted, gate = [], threading.Barrier(16)

        def work():
            gate.wait()
            admitted.append(self.breaker.admit())

        threads = [threading.Thread(target=work) for _turn in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(admitted), [False] * 15 + [True])


@tagged("post_install", "-at_install")
class TestRedisAway(BaseCase):
    def setUp(self):
        super().setUp()
        redis_client.reset()
        self.addCleanup(redis_client.reset)
        self.asked = 0

    def use(self, url):
        changed = replace(settings(), redis_url=url)
        patcher = patch("odoo.addons.fynlo_pos_core.tools.redis_client.settings", lambda: changed)
        patcher.start()
        self.addCleanup(patcher.stop)

    def ping(self, client):
        self.asked += 1
        return client.ping()

    def test_a_redis_that_hangs_is_waited_for_once(self):
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            self.use(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0")
            began = time.monotonic()
            found = [redis_client.attempt(self.ping, "away") for _turn in range(500)]
            took = time.monotonic() - began
        self.assertEqual(set(found), {"away"})
        # several pauses may pass on a slow machine, hundreds of waits may not
        self.assertLessEqual(self.asked, 1 + took / redis_client.FIRST_PAUSE_S)
        self.assertTrue(redis_client.breaker().is_open)

    def test_a_refusal_is_an_answer(self):
        def refused(_client):
            self.asked += 1
            raise redis.exceptions.OutOfMemoryError("OOM command not allowed")

        self.assertEqual([redis_client.attempt(refused, "no") for _turn in range(20)], ["no"] * 20)
        self.assertEqual(self.asked, 20)
        self.assertTrue(redis_client.attempt(lambda client: client.ping(), False))

    def test_a_fault_of_the_caller_is_the_callers(self):
        with self.assertRaises(ZeroDivisionError):
            redis_client.attempt(lambda _client: 1 / 0, None)
        self.assertTrue(redis_client.attempt(lambda client: client.ping(), False))

    def test_it_comes_back_by_itself(self):
        right = settings().redis_url
        self.use("redis://127.0.0.1:1/0")
        self.assertFalse(redis_client.attempt(lambda client: client.ping(), False))
        self.use(right)
        with patch.dict(redis_client._state, {"pid": None}):
            redis_client.breaker()._open_until = 0.0
            self.assertTrue(redis_client.attempt(lambda client: client.ping(), False))
        self.assertFalse(redis_client.breaker().is_open)

    def test_metrics_tell_of_it(self):
        metrics.flush()
        before = metrics._totals().get("fynlo_redis_circuit_openings_total", 0)
        redis_client.breaker().failed()
        self.assertIsNone(redis_client.attempt(lambda client: client.ping(), None))
        self.assertIn("\nfynlo_redis_circuit_open 1\n", metrics.render({}))
        redis_client.reset()
        text = metrics.render({})
        self.assertIn("\nfynlo_redis_circuit_open 0\n", text)
        self.assertIn(f"\nfynlo_redis_circuit_openings_total {before + 1}\n", text)
        self.assertRegex(text, r"\nfynlo_redis_spared_calls_total [1-9]\d*\n")

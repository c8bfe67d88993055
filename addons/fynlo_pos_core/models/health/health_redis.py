"""How Redis, the relay and the gateways do, as Redis tells it, and how long events wait."""

import json
import time

from odoo import models

from ...engine.health import CannotTell, Reading
from ...tools import redis_client
from ...tools.settings import settings

#: Heartbeats that relay and gateways keep together.
BEATS_KEPT = 100
#: Rounds of SCAN in search of gateways, and keys a round: enough for half a million keys.
SCAN_ROUNDS, SCAN_KEYS = 100, 5_000


class FynloHealth(models.AbstractModel):
    _inherit = "fynlo.health"

    def _health_checks(self):
        return super()._health_checks() | {
            "redis_away": self._redis_away,
            "redis_latency": self._redis_latency,
            "redis_memory": self._redis_memory,
            "redis_policy": self._redis_policy,
            "redis_persistence": self._redis_persistence,
            "outbox_lag": self._outbox_lag,
            "relay": self._relay,
            "gateway": self._gateway,
        }

    def _redis_away(self):
        answers = redis_client.attempt(lambda client: client.ping(), False)
        return [Reading(0 if answers else 1)]

    def _redis_latency(self):
        started = time.perf_counter()
        self._of_redis(lambda client: client.ping())
        return [Reading(round((time.perf_counter() - started) * 1000, 2))]

    def _redis_memory(self):
        """Share of what Redis may use; without a limit, of the machine's memory."""
        memory = self._of_redis(lambda client: client.info("memory"))
        used, most = memory["used_memory"], memory.get("maxmemory") or memory.get("total_system_memory")
        if not most:
            raise CannotTell(self.env._("Redis knows neither a limit nor the machine's memory."))
        note = self.env._("%(used)s of %(most)s MB", used=used >> 20, most=most >> 20)
        return [Reading(round(100 * used / most, 1), note)]

    def _redis_policy(self):
        policy = self._of_redis(lambda client: client.info("memory")).get("maxmemory_policy", "")
        return [Reading(0 if policy == "noeviction" else 1, policy)]

    def _redis_persistence(self):
        """0 with an append-only file, 1 without one, 2 when it cannot be written."""
        state = self._of_redis(lambda client: client.info("persistence"))
        if not state.get("aof_enabled"):
            return [Reading(1, self.env._("There is no append-only file."))]
        fine = state.get("aof_last_write_status", "ok") == "ok" == state.get("aof_last_bgrewrite_status", "ok")
        return [Reading(0 if fine else 2, "" if fine else self.env._("The append-only file could not be written."))]

    def _outbox_lag(self):
        backlog = self.env["fynlo.outbox"]._backlog()
        return [Reading(backlog["oldest_unsent_s"], self.env._("%s events wait", backlog["unsent"]))]

    def _relay(self):
        """Seconds since the relay's last heartbeat by the clock of Redis; without any, since Redis started."""
        beat, (seconds, micros), server = self._of_redis(
            lambda client: (_relays_beat(client), client.time(), client.info("server"))
        )
        if beat is None:
            return [Reading(server["uptime_in_seconds"], self.env._("Redis has no heartbeat of a relay."))]
        beaten_at = int(beat.partition(b"-")[0]) / 1000
        return [Reading(max(0.0, round(seconds + micros / 1e6 - beaten_at, 1)))]

    def _gateway(self):
        """How many gateway processes said lately that they live."""
        gateways = self._of_redis(_gateways)
        connections = sum(gateway.get("connections", 0) for gateway in gateways)
        return [Reading(len(gateways), self.env._("%s connections", connections))]

    def _of_redis(self, work):
        """``work(client)``. Raises ``CannotTell`` when Redis does not answer in time."""
        answer = redis_client.attempt(lambda client: (work(client),), None)
        if answer is None:
            raise CannotTell(self.env._("Redis does not answer."))
        return answer[0]


def _relays_beat(client):
    """The id, which is a time, of the relay's newest heartbeat among those kept; gateways write theirs there too."""
    beats = client.xrevrange(f"{settings().stream_prefix}s:_hb", count=BEATS_KEPT)
    return next((beat for beat, fields in beats if json.loads(fields[b"f"]).get("from") == "relay"), None)


def _gateways(client):
    """What every gateway process wrote of itself under a key that ends with it."""
    pattern, cursor, keys = f"{settings().stream_prefix}gateway:*", 0, set()
    for _round in range(SCAN_ROUNDS):
        cursor, found = client.scan(cursor, match=pattern, count=SCAN_KEYS, _type="string")
        keys.update(found)
        if not cursor:
            break
    values = client.mget(sorted(keys)) if keys else []
    return [json.loads(value) for value in values if value]

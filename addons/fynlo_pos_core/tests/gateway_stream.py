"""What gateways write to Redis about connections, for tests of the import."""

import json
import os
import time
import uuid

import redis

from ..models.realtime import connection_import
from ..tools import redis_client
from ..tools.settings import settings
from .common import REDIS, ApiCase

CONNECTIONS = "connections"


class GatewayStream:
    """Mix into an ``ApiCase``: ``self.tell(opened(…), closed(…))``, then ``self.take_in()``."""

    def setUp(self):
        super().setUp()
        self.redis = redis.Redis.from_url(REDIS)
        self.addCleanup(self.redis.close)
        self.stream = f"{settings().stream_prefix}{CONNECTIONS}"
        self.forget_stream()
        self.addCleanup(self.forget_stream)
        self.gateway = uuid.uuid4().hex
        self.now = time.time()
        self.show_life()

    def forget_stream(self):
        """As a Redis that was emptied."""
        for key in self.redis.scan_iter(f"{settings().stream_prefix}gateway:*"):
            self.redis.delete(key)
        self.redis.delete(self.stream)

    def show_life(self, gateway=None, swept_at=0.0):
        """The sign of life of a gateway."""
        sign = {"host": "test", "pid": os.getpid(), "started_at": 0, "connections": 0, "swept_at": swept_at}
        self.redis.set(f"{settings().stream_prefix}gateway:{gateway or self.gateway}", json.dumps(sign))

    def tell(self, *records):
        """Write records to the stream, as they are when they are bytes."""
        pipe = self.redis.pipeline()
        for record in records:
            pipe.xadd(self.stream, {"r": record if isinstance(record, bytes) else json.dumps(record)})
        pipe.execute()

    def take_in(self):
        """Import all that waits."""
        redis_client.reset()
        self.env.flush_all()
        self.env["fynlo.connection.import"]._cron_import()

    def look_again(self):
        """Let the next request look at Redis, however soon it comes."""
        connection_import._looked["at"] = float("-inf")

    def opened(self, name=None, *, session=None, device=None, ago=100.0, seen_ago=None, **changes):
        """An announcement; of ``session``'s answer, or of a device alone."""
        opened_at = self.now - ago
        return {
            "kind": "opened",
            "gateway": self.gateway,
            "id": name or uuid.uuid4().hex,
            "employee": session["employee"]["id"] if session else str(uuid.uuid4()),
            "device": device.fynlo_uuid if device else None,
            "session": session["session_id"] if session else None,
            "address": "203.0.113.9",
            "agent": "FynloTill/2.1",
            "opened_at": opened_at,
            "seen_at": opened_at if seen_ago is None else self.now - seen_ago,
            **changes,
        }

    def closed(self, opened, *, code=1000, by="client", ago=10.0, **changes):
        """The ending of an announced connection."""
        party = {name: value for name, value in opened.items() if name != "seen_at"}
        figures = {"topics": 2, "received": 7, "bytes_sent": 12_345, "replayed": 3}
        end = {"kind": "closed", "closed_at": self.now - ago, "code": code, "reason": "bye", "by": by}
        return {**party, **end, **figures, **changes}

    def seen(self, *opened, ago=0.0, **changes):
        """A sweep that names these connections."""
        names = [one["id"] for one in opened]
        return {"kind": "seen", "gateway": self.gateway, "connections": names, "seen_at": self.now - ago, **changes}

    def row(self, opened):
        """The connection as the database has it."""
        self.env.invalidate_all()
        return self.env["fynlo.connection"].search([("fynlo_uuid", "=", str(uuid.UUID(opened["id"])))])


class ConnectionCase(GatewayStream, ApiCase):
    """A paired till with a waiter signed in; announcements are theirs unless told."""

    def setUp(self):
        super().setUp()
        self.till = self.device()[0]
        self.signed_in = self.session("server")

    def opened(self, name=None, **changes):
        return super().opened(name, **{"session": self.signed_in, "device": self.till, **changes})

    def count(self):
        return self.env["fynlo.connection"].search_count([("company_id", "=", self.company.id)])

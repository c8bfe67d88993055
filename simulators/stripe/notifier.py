"""Stripe's notifications: signed, at least once, in no certain order."""

import hashlib
import hmac
import http.client
import json
import logging
import queue
import threading
import time
from urllib.parse import urlsplit

from .books import Json

_logger = logging.getLogger(__name__)

TRIES = 3
PAUSE_S = 0.5
COPIES = 3


class Notifier:
    """Posts events to ``address``, signed with every secret of ``secrets`` as during a rotation.

    ``behaviour`` may be ``duplicate``, ``out_of_order`` (each request's events backwards), ``webhook_first``
    (before the request is answered) or ``late`` (when :meth:`release` is called).
    """

    def __init__(self, address: str | None, secrets: tuple[str, ...]) -> None:
        self.address = address
        self.secrets = secrets
        self.behaviour = "normal"
        self.taken: list[tuple[str, int]] = []
        self._waiting: queue.Queue[Json] = queue.Queue()
        self._held: list[Json] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._work, daemon=True).start()

    def headers(self, body: bytes, signed_at: int | None = None) -> dict[str, str]:
        """As they are sent now, or at another moment for tests."""
        moment = int(time.time()) if signed_at is None else signed_at
        payload = b"%d." % moment + body
        signatures = [hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest() for secret in self.secrets]
        signature = ",".join([f"t={moment}", *(f"v1={each}" for each in signatures), "v0=unused"])
        return {"Stripe-Signature": signature, "Content-Type": "application/json; charset=utf-8"}

    def tell(self, events: list[Json]) -> None:
        """What one request has caused."""
        if not self.address:
            return
        ordered = events[::-1] if self.behaviour == "out_of_order" else events
        for event in ordered * (COPIES if self.behaviour == "duplicate" else 1):
            if self.behaviour == "webhook_first":
                self._deliver(event)
            elif self.behaviour == "late":
                with self._lock:
                    self._held.append(event)
            else:
                self._waiting.put(event)

    def release(self) -> int:
        """Send what was held back; how many those are."""
        with self._lock:
            held, self._held = self._held, []
        for event in held:
            self._waiting.put(event)
        return len(held)

    def again(self, event: Json) -> None:
        self._waiting.put(event)

    def settled(self) -> bool:
        """Whether all that was to be sent has been sent, or given up."""
        return self._waiting.unfinished_tasks == 0

    def _work(self) -> None:
        while True:
            event = self._waiting.get()
            try:
                self._deliver(event)
            finally:
                self._waiting.task_done()

    def _deliver(self, event: Json) -> None:
        """Tried again while it is not taken; after that the receiver must ask by itself."""
        for trial in range(TRIES):
            if trial:
                time.sleep(PAUSE_S * 2 ** (trial - 1))
            status = self._post(json.dumps(event).encode())
            self.taken.append((event["id"], status))
            if 200 <= status < 300:
                return
        _logger.warning("notification %s was not taken", event["id"])

    def _post(self, body: bytes) -> int:
        """The status of the answer; 0 when there was none."""
        place = urlsplit(str(self.address))
        line = http.client.HTTPConnection(str(place.hostname), place.port or 80, timeout=10)
        try:
            line.request("POST", place.path, body, self.headers(body))
            return line.getresponse().status
        except OSError:
            return 0
        finally:
            line.close()

"""What Stripe keeps of one account in one mode, test or live."""

import copy
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .cards import Card, card_named
from .refusal import missing, wrong_parameter

Json = dict[str, Any]
KINDS = (
    "payment_intent",
    "checkout.session",
    "charge",
    "refund",
    "balance_transaction",
    "payout",
    "dispute",
    "event",
    "payment_method",
    "payment_method_domain",
)
API_VERSION = "2023-10-16"


@dataclass
class Books:
    """Objects by kind and id, the oldest first. ``tell`` takes each event as it happens; ``lock`` guards all."""

    account: str
    livemode: bool
    connected: bool
    lock: threading.RLock
    tell: Callable[["Books", Json], None]
    behaviour: Callable[[], str]
    platform: "Books | None" = None
    ahead_s: float = 0.0
    kept: dict[str, dict[str, Json]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    cards: dict[str, Card] = field(default_factory=dict)

    def now(self) -> int:
        return int(time.time() + self.ahead_s)

    def keep(self, kind: str, prefix: str, **values: Any) -> Json:
        """A new object with id, mode and time of creation."""
        made: Json = {"id": f"{prefix}_{secrets.token_hex(12)}", "object": kind, "created": self.now()}
        made |= {"livemode": self.livemode, **values}
        self.kept[kind][made["id"]] = made
        return made

    def one(self, kind: str, name: str) -> Json:
        """Raises :class:`Refusal` for what this account does not have."""
        if name not in self.kept[kind]:
            raise missing(kind, name)
        return self.kept[kind][name]

    def happened(self, kind: str, subject: Json) -> None:
        """An event, which holds the subject as it is now."""
        shown = {name: copy.deepcopy(value) for name, value in subject.items() if not name.startswith("_")}
        event = self.keep("event", "evt", type=kind, api_version=API_VERSION, data={"object": shown})
        if self.connected:
            event["account"] = self.account
        self.tell(self, event)

    def method_of(self, wish: Json) -> tuple[str, Card] | None:
        """The payment method that a request names, or brings as data; ``None`` when it has neither."""
        if data := wish.get("payment_method_data"):
            return self.new_method(data)
        name = wish.get("payment_method")
        if not name:
            return None
        card = self.cards.get(name) or card_named(name)
        if card is None:
            raise missing("PaymentMethod", name)
        return name, card

    def new_method(self, data: Json) -> tuple[str, Card]:
        """A payment method from a token such as that of Apple Pay."""
        token = (data.get("card") or {}).get("token", "")
        card = card_named(token)
        if data.get("type") != "card" or card is None:
            raise wrong_parameter("card[token]", f"No such token: '{token}'", "resource_missing")
        shown = {"brand": card.brand, "last4": card.last4, "funding": card.funding}
        made = self.keep("payment_method", "pm", type="card", card=shown)
        self.cards[made["id"]] = card
        return made["id"], card

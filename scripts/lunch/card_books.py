"""What guests' cards were charged, as the card provider itself tells it."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import stripe

API_BASE, KEY_FILE = "FYNLO_STRIPE_API_BASE", "FYNLO_STRIPE_TEST_SECRET_KEY_FILE"
API_VERSION = "2023-10-16"


def charged_since(moment: datetime, environment: Mapping[str, str]) -> dict[str, int] | None:
    """Pence by order id of all payments made since then; ``None`` where no test key says whom to ask."""
    if KEY_FILE not in environment:
        return None
    bases = {"api": environment[API_BASE]} if environment.get(API_BASE) else {}
    key = Path(environment[KEY_FILE]).read_text().strip()
    client = stripe.StripeClient(key, stripe_version=API_VERSION, base_addresses=bases)  # type: ignore[arg-type]
    charged: defaultdict[str, int] = defaultdict(int)
    for intent in client.v1.payment_intents.list({"limit": 100}).auto_paging_iter():
        if intent.created < moment.timestamp():
            break  # they come newest first
        metadata = intent.to_dict()["metadata"]
        charged[metadata.get("order_uuid", "")] += intent.amount_received
    return dict(charged)

"""Random baskets priced in Odoo's process: how long each takes, and whether Odoo's own engine says the same.

Sent through Odoo's shell by ``loadtests/odoo_shell.py``; uses nothing but ``env``.
"""

import random
import time
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

LINES = 6
QUANTITIES = ("1", "1", "1", "2", "3", "0.5", "1.25", "0.333")
COMPANY = "Fynlo Pizza"
LOCATION = "Soho"


def price_baskets(env: Any, baskets: int, compared: int) -> dict[str, Any]:
    """Milliseconds of CPU of each basket of six lines, and the lines that Odoo's tax engine prices otherwise."""
    location = env["pos.config"].search([("name", "=", LOCATION), ("company_id.name", "=", COMPANY)], limit=1)
    facts = env["fynlo.location.facts"]._of(location.id, 0)
    service, dice, took_ms, differences = env["fynlo.order.service"], random.Random(19), [], 0
    variants = [one for one in facts.variants.values() if one.available and not one.combo and not _must_choose(one)]
    discounts = [one for one in facts.discounts.values() if one.scope == "order" and not one.exclusive]
    owner = _Owner(env["fynlo.access"]._permissions_of(location.company_id, "owner"))
    for number in range(baskets):
        wish = _wish(dice, variants, discounts)
        began = time.process_time()
        order = service._priced(wish, owner, facts)
        took_ms.append((time.process_time() - began) * 1000)
        if number < compared:
            differences += sum(_differs(env, location, line) for line in order.lines)
    took_ms.sort()
    return {"median_ms": took_ms[len(took_ms) // 2], "p95_ms": took_ms[len(took_ms) * 95 // 100], "differ": differences}


class _Owner:
    """Somebody with the permissions of an owner."""

    employee_uuid = device_uuid = str(uuid4())
    employee_name, role = "Load", "owner"

    def __init__(self, permissions: frozenset[str]) -> None:
        self.permissions = permissions

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    def require(self, permission: str) -> None:
        if not self.may(permission):
            raise LookupError(permission)


def _must_choose(variant: Any) -> bool:
    return any(group.min for group in variant.groups)


def _wish(dice: random.Random, variants: list[Any], discounts: list[Any]) -> Any:
    given = [dice.choice(discounts)] if discounts and dice.random() < 0.3 else []
    return SimpleNamespace(
        id=uuid4(),
        client_created_at=None,
        preset_id=None,
        table_id=None,
        guests=2,
        note="",
        tab_name=None,
        catalogue_version=None,
        expected_total=None,
        lines=[_line(dice, dice.choice(variants)) for _ in range(LINES)],
        discounts=[SimpleNamespace(id=uuid4(), discount_id=one.uuid, line_id=None, reason="") for one in given],
    )


def _line(dice: random.Random, variant: Any) -> Any:
    quantity = Decimal(dice.choice(QUANTITIES))
    chosen = [
        SimpleNamespace(modifier_id=dice.choice(list(group.modifiers)), quantity=1)
        for group in variant.groups
        if group.modifiers and dice.random() < 0.5
    ]
    return SimpleNamespace(
        id=uuid4(),
        variant_id=variant.uuid,
        quantity=quantity,
        modifiers=chosen,
        combo=[],
        halves=None,
        note="",
        course=1,
        seat=None,
        open_price=None,
    )


def _differs(env: Any, location: Any, line: Any) -> bool:
    """Whether Odoo's engine, given price, quantity and discount, comes to other amounts."""
    currency = location.currency_id
    price = (line.unit_price / 10**currency.decimal_places) * (1 - line.discount_percent / 100.0)
    taxes = env["account.tax"].browse(line.tax_ids)
    amounts = taxes.compute_all(price, currency=currency, quantity=float(line.quantity))
    minor = [round(amounts[name] * 10**currency.decimal_places) for name in ("total_excluded", "total_included")]
    return minor != [line.net, line.total]

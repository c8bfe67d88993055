"""Locations by the hundred whose menus and facts are cached, and one change that puts all of them out of use.

Sent through Odoo's shell by ``loadtests/odoo_shell.py``; uses nothing but ``env``.
"""

import time
from typing import Any

COMPANY = "Fynlo Pizza"
LOCATION = "Soho"


def invalidate(env: Any, locations: int) -> dict[str, Any]:
    """Fills both caches, changes a price, and asks again; what was kept must not come back."""
    company = env["res.company"].search([("name", "=", COMPANY)], limit=1)
    first = env["pos.config"].search([("name", "=", LOCATION), ("company_id", "=", company.id)], limit=1)
    places = first | env["pos.config"].concat(
        *(first.copy({"name": f"Branch {number}", "payment_method_ids": False}) for number in range(1, locations))
    )
    env.cr.commit()
    version = _version(env, company)
    cold_s = _read(env, places, version)
    warm_s = _read(env, places, version)
    dish = env["product.template"].search([("company_id", "=", company.id), ("available_in_pos", "=", True)], limit=1)
    began = time.monotonic()
    dish.list_price += 1
    env.cr.commit()
    changed_s = time.monotonic() - began
    after = _version(env, company)
    stale = sum(_is_kept(env, place, after) for place in places)
    return {
        "keys": 2 * len(places),
        "change_s": changed_s,
        "stale": stale,
        "versions": after - version,
        "cold_s": cold_s,
        "warm_s": warm_s,
    }


def _version(env: Any, company: Any) -> int:
    env.cr.execute("SELECT version FROM fynlo_catalogue WHERE company_id = %s", [company.id])
    return int(env.cr.fetchone()[0])


def _read(env: Any, places: Any, version: int) -> float:
    began = time.monotonic()
    for place in places:
        env["fynlo.location.facts"]._of(place.id, version)
        env["fynlo.menu"]._prepared(place.id, place.fynlo_uuid, version)
    return time.monotonic() - began


def _is_kept(env: Any, place: Any, version: int) -> int:
    """How many of the place's two values are served for the new version without being made anew."""
    before = env.cr.sql_log_count
    env["fynlo.location.facts"]._of(place.id, version)
    middle = env.cr.sql_log_count
    env["fynlo.menu"]._prepared(place.id, place.fynlo_uuid, version)
    return int(middle == before) + int(env.cr.sql_log_count == middle)


def change_price(env: Any, variant_id: str, price: float) -> dict[str, Any]:
    """Another process changes what a dish costs."""
    env["product.product"].search([("fynlo_uuid", "=", variant_id)]).product_tmpl_id.list_price = price
    return {"price": price}


def set_permission(env: Any, code: str, held: bool) -> dict[str, Any]:
    """Another process gives a permission to managers, or takes it away."""
    company = env["res.company"].search([("name", "=", COMPANY)], limit=1)
    row = env["fynlo.permission.map"].search([("company_id", "=", company.id), ("code", "=", code)])
    row.manager = held
    return {"held": row.manager}

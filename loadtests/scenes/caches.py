"""Locations by the hundred with full caches, and changes that put all of what they hold out of use.

Sent through Odoo's shell by ``loadtests/odoo_shell.py``; uses nothing but ``env``.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

#: Reads one value for the versions it is given.
Reader = Callable[[dict[str, int]], Any]

COMPANY = "Fynlo Pizza"
LOCATION = "Soho"
ROLES = ("kitchen", "server", "cashier", "supervisor", "manager", "owner")


def invalidate(env: Any, locations: int) -> dict[str, Any]:
    """Fills every cache, changes what each depends on, and asks again; what was kept must not come back."""
    company = env["res.company"].search([("name", "=", COMPANY)], limit=1)
    first = env["pos.config"].search([("name", "=", LOCATION), ("company_id", "=", company.id)], limit=1)
    places = first | env["pos.config"].concat(
        *(first.copy({"name": f"Branch {number}", "payment_method_ids": False}) for number in range(1, locations))
    )
    env.cr.commit()
    dish = env["product.template"].search([("company_id", "=", company.id), ("available_in_pos", "=", True)], limit=1)
    permission = env["fynlo.permission.map"].search([("company_id", "=", company.id)], limit=1)
    changes = {
        "catalogue": (_catalogue_readers(env, places), lambda: dish.write({"list_price": dish.list_price + 1})),
        "settings": (
            _settings_readers(env, places),
            lambda: company.write({"fynlo_discount_limit_bp": company.fynlo_discount_limit_bp - 1}),
        ),
        "permissions": (_permission_readers(env), lambda: permission.write({"kitchen": not permission.kitchen})),
    }
    return {name: _measure(env, company, readers, change) for name, (readers, change) in changes.items()}


def _measure(env: Any, company: Any, readers: list[Reader], change: Callable[[], Any]) -> dict[str, Any]:
    """Reads all twice, changes, and counts what is served for the new versions without being made anew."""
    versions = _versions(env, company)
    cold_s, warm_s = _read(readers, versions), _read(readers, versions)
    began = time.monotonic()
    change()
    env.cr.commit()
    change_s = time.monotonic() - began
    versions = _versions(env, company)
    stale = sum(_is_kept(env, read, versions) for read in readers)
    return {"keys": len(readers), "change_s": change_s, "stale": stale, "cold_s": cold_s, "warm_s": warm_s}


def _versions(env: Any, company: Any) -> dict[str, int]:
    env.cr.execute("SELECT version FROM fynlo_catalogue WHERE company_id = %s", [company.id])
    catalogue = int(env.cr.fetchone()[0])
    env.cr.execute(
        "SELECT fynlo_perm_version, coalesce(fynlo_settings_version, 0) FROM res_company WHERE id = %s", [company.id]
    )
    permissions, settings = env.cr.fetchone()
    return {"catalogue": catalogue, "permissions": permissions, "settings": settings, "company": company.id}


def _catalogue_readers(env: Any, places: Any) -> list[Reader]:
    return [partial(read, env, place) for read in (_read_facts, _read_menu) for place in places]


def _read_facts(env: Any, place: Any, at: dict[str, int]) -> None:
    env["fynlo.location.facts"]._of(place.id, at["catalogue"])


def _read_menu(env: Any, place: Any, at: dict[str, int]) -> None:
    env["fynlo.menu"]._prepared(place.id, place.fynlo_uuid, at["catalogue"])


def _settings_readers(env: Any, places: Any) -> list[Reader]:
    return [partial(_read_settings, env, place) for place in places]


def _read_settings(env: Any, place: Any, at: dict[str, int]) -> None:
    env["fynlo.settings"]._snapshot(place.id, place.fynlo_uuid, at["settings"])


def _permission_readers(env: Any) -> list[Reader]:
    return [partial(_read_permissions, env, role) for role in ROLES]


def _read_permissions(env: Any, role: str, at: dict[str, int]) -> None:
    env["fynlo.access"]._cached_permissions(at["company"], at["permissions"], role)


def _read(readers: list[Reader], versions: dict[str, int]) -> float:
    began = time.monotonic()
    for read in readers:
        read(versions)
    return time.monotonic() - began


def _is_kept(env: Any, read: Reader, versions: dict[str, int]) -> bool:
    """Whether a value is served for these versions without a query: nothing of the old one may be."""
    before = env.cr.sql_log_count
    read(versions)
    return bool(env.cr.sql_log_count == before)


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

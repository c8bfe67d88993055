"""People, tills and dishes on the demo restaurant's first location, and stock Odoo's points of sale beside it.

Sent through Odoo's shell by ``loadtests/odoo_shell.py``; uses nothing but ``env``.
"""

from typing import Any
from uuid import uuid4

COMPANY = "Fynlo Pizza"
LOCATION = "Soho"
DISHES = "Load test dish"
PIN = "2580"
PASSWORD = "load-test-password"


def open_location(env: Any, tills: int, menu_products: int, passwords_every: int = 0) -> dict[str, Any]:
    """The location with so many paired tills, a manager for each, and a menu of so many products.

    Managers sign in by PIN; of every ``passwords_every`` one by e-mail and password.
    """
    company = env["res.company"].search([("name", "=", COMPANY)], limit=1)
    location = env["pos.config"].search([("name", "=", LOCATION), ("company_id", "=", company.id)], limit=1)
    _fill_menu(env, company, menu_products)
    return {
        "location": location.fynlo_uuid,
        "pin": PIN,
        "tills": [
            _till(env, company, location, number, bool(passwords_every) and number % passwords_every == 0)
            for number in range(1, tills + 1)
        ],
        "dishes": _dishes(env, company),
    }


def open_stock(env: Any, name: str, real_time: bool) -> dict[str, Any]:
    """A point of sale of stock Odoo that sells the same products, its session open, and a cashier's login."""
    company = env["res.company"].search([("name", "=", COMPANY)], limit=1)
    journal = env["account.journal"].create(
        {"name": name, "type": "cash", "code": name[:5].upper(), "company_id": company.id}
    )
    cash = env["pos.payment.method"].create({"name": name, "company_id": company.id, "journal_id": journal.id})
    config = (
        env["pos.config"]
        .with_company(company)
        .create({"name": name, "company_id": company.id, "payment_method_ids": [(6, 0, cash.ids)]})
    )
    user = _cashier(env, company, name)
    session = env["pos.session"].with_user(user).with_company(company).create({"config_id": config.id})
    session.set_opening_control(0, "")
    session.sudo().update_stock_at_closing = not real_time
    return {
        "config_id": config.id,
        "session_id": session.id,
        "company_id": company.id,
        "user_id": user.id,
        "payment_method_id": cash.id,
        "pricelist_id": config.pricelist_id.id,
        "login": user.login,
        "password": PASSWORD,
    }


def value_stock(env: Any) -> dict[str, Any]:
    """The dishes are kept in stock at average cost, and every move is booked at once."""
    company = env["res.company"].search([("name", "=", COMPANY)], limit=1)
    company.inventory_valuation = "real_time"
    category = (
        env["product.category"]
        .with_company(company)
        .create({"name": "Valued dishes", "property_cost_method": "average", "property_valuation": "real_time"})
    )
    dishes = env["product.template"].search([("name", "like", DISHES), ("company_id", "=", company.id)])
    dishes.write({"is_storable": True, "categ_id": category.id})
    for number, dish in enumerate(dishes.with_company(company)):
        dish.standard_price = 1.13 + number % 7 * 0.37
    return {"dishes": len(dishes)}


def take_from_kitchen(env: Any, permission: str) -> dict[str, Any]:
    """The kitchen role loses a permission."""
    rows = env["fynlo.permission.map"].search([("code", "=", permission), ("company_id.name", "=", COMPANY)])
    rows.write({"kitchen": False})
    return {"rows": len(rows)}


def _till(env: Any, company: Any, location: Any, number: int, by_password: bool) -> dict[str, str]:
    known = {"email": f"load-{uuid4().hex}@fynlo.example", "password": PASSWORD} if by_password else {}
    employee = env["hr.employee"]._fynlo_hire(
        {"name": f"Load manager {number}", "company_id": company.id, "role": "manager", "pin": PIN, **known}
    )
    device, key = env["fynlo.device"]._pair_new(location, f"Load till {number}", "load", "1")
    return {"device_id": device.fynlo_uuid, "device_key": key, "employee_id": employee.fynlo_uuid, **known}


def _fill_menu(env: Any, company: Any, wanted: int) -> None:
    """Simple dishes up to the wanted number of products; at least ten, for the orders of the tests."""
    templates = env["product.template"].with_company(company)
    missing = max(10, wanted - templates.search_count([("company_id", "=", company.id), ("sale_ok", "=", True)]))
    category = env["pos.category"].search([], limit=1)
    tax = env.ref(f"account.{company.id}_ST11")
    templates.create(
        [
            {
                "name": f"{DISHES} {number}",
                "list_price": 4.5 + number % 17 * 0.55,
                "company_id": company.id,
                "type": "consu",
                "available_in_pos": True,
                "taxes_id": [(6, 0, tax.ids)],
                "supplier_taxes_id": [(5, 0, 0)],
                "pos_categ_ids": [(6, 0, category.ids)],
            }
            for number in range(1, missing + 1)
        ]
    )


def _dishes(env: Any, company: Any) -> list[dict[str, Any]]:
    """Ten variants as the API names them and as stock's till sends them (price and amounts of one piece)."""
    variants = env["product.product"].search(
        [("name", "like", DISHES), ("company_id", "=", company.id)], order="id", limit=10
    )
    dishes = []
    for variant in variants:
        amounts = variant.taxes_id.compute_all(variant.lst_price, company.currency_id, 1)
        dishes.append(
            {
                "variant_id": variant.fynlo_uuid,
                "product_id": variant.id,
                "name": variant.name,
                "price_unit": variant.lst_price,
                "price_subtotal": amounts["total_excluded"],
                "price_subtotal_incl": amounts["total_included"],
                "tax_ids": variant.taxes_id.ids,
            }
        )
    return dishes


def _cashier(env: Any, company: Any, name: str) -> Any:
    groups = env.ref("point_of_sale.group_pos_manager") | env.ref("base.group_user")
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "name": f"Cashier {name}",
                "login": f"cashier-{name}",
                "password": PASSWORD,
                "company_id": company.id,
                "company_ids": [(6, 0, company.ids)],
                "group_ids": [(6, 0, groups.ids)],
            }
        )
    )

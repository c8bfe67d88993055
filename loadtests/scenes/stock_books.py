"""A menu with every kind of price and tax, and our orders made again by stock Odoo's own till code.

Sent through Odoo's shell by ``loadtests/odoo_shell.py``; uses nothing but ``env``.
"""

from typing import Any
from uuid import uuid4

COMPANY = "Fynlo Pizza"
LOCATION = "Soho"
NAME = "Twin dish"


def varied_menu(env: Any) -> dict[str, Any]:
    """Dishes with taxes of all kinds, a group of modifiers, discounts, and the takeaway preset."""
    company = env["res.company"].search([("name", "=", COMPANY)], limit=1)
    company.inventory_valuation = "real_time"
    dishes = env["product.template"].with_company(company).create(_dishes(env, company))
    group = env["fynlo.modifier.group"].create(
        {
            "name": "Twin extras",
            "company_id": company.id,
            "max_choices": 3,
            "modifier_ids": [
                (0, 0, {"name": f"Extra {n}", "price": price}) for n, price in enumerate((1.5, 0.8, 0.35))
            ],
            "product_tmpl_ids": [(6, 0, dishes.ids)],
        }
    )
    discounts = env["fynlo.discount"].create(_discounts(company))
    takeaway = env["pos.preset"].search([("fynlo_kind", "=", "takeaway")], limit=1)
    return {
        "dishes": [{"variant_id": variant.fynlo_uuid} for variant in dishes.product_variant_ids],
        "modifiers": group.modifier_ids.mapped("fynlo_uuid"),
        "line_discounts": discounts.filtered(lambda one: one.scope == "line").mapped("fynlo_uuid"),
        "order_discounts": discounts.filtered(lambda one: one.scope == "order").mapped("fynlo_uuid"),
        "preset_id": takeaway.fynlo_uuid,
    }


def repeat(env: Any, desk: dict[str, Any], session: str) -> dict[str, Any]:
    """Sells in stock what the session of ours has sold, then closes stock's till without a difference.

    Tells each order's total and tax, ours and as Odoo computes them.
    """
    ours = env["pos.session"].search([("fynlo_uuid", "=", session)]).order_ids.sorted("id")
    till = env(user=desk["user_id"], context={"allowed_company_ids": [desk["company_id"]]})
    amounts = []
    for order in ours.filtered(lambda order: order.state in ("paid", "done")):
        answer = till["pos.order"].sync_from_ui([_payload(env, desk, order)])
        twin = env["pos.order"].browse(answer["pos.order"][0]["id"])
        twin._compute_prices()
        amounts.append([order.amount_total, order.amount_tax, twin.amount_total, twin.amount_tax])
        env.invalidate_all()
    return {"amounts": amounts, "state": _close(till["pos.session"].browse(desk["session_id"]))}


def _close(session: Any) -> str:
    session.post_closing_cash_details(sum(session.order_ids.payment_ids.mapped("amount")))
    session.update_closing_control_state_session("")
    session.close_session_from_ui()
    return str(session.state)


def _payload(env: Any, desk: dict[str, Any], order: Any) -> dict[str, Any]:
    """The order as stock's web till would send it, its amounts by Odoo's tax engine."""
    lines = [_line(env, order, line) for line in order.lines]
    total = round(sum(line["price_subtotal_incl"] for line in lines), 2)
    payment = {
        "uuid": str(uuid4()),
        "name": str(order.date_order),
        "amount": total,
        "payment_method_id": desk["payment_method_id"],
    }
    return {
        "uuid": str(uuid4()),
        "access_token": str(uuid4()),
        "name": "/",
        "state": "paid",
        "session_id": desk["session_id"],
        "company_id": desk["company_id"],
        "user_id": desk["user_id"],
        "pricelist_id": desk["pricelist_id"],
        "fiscal_position_id": order.fiscal_position_id.id,
        "preset_id": order.preset_id.id,
        "partner_id": False,
        "to_invoice": False,
        "date_order": str(order.date_order),
        "sequence_number": order.id,
        "pos_reference": f"00001-001-{order.id:06d}",
        "amount_total": total,
        "amount_tax": round(total - sum(line["price_subtotal"] for line in lines), 2),
        "amount_paid": total,
        "amount_return": 0,
        "last_order_preparation_change": "{}",
        "lines": [[0, 0, line] for line in lines],
        "payment_ids": [[0, 0, payment]],
    }


def _line(env: Any, order: Any, line: Any) -> dict[str, Any]:
    product = line.product_id.with_company(order.company_id)
    taxes = product.taxes_id.filtered(lambda tax: tax.company_id == order.company_id)
    charged = order.fiscal_position_id.map_tax(taxes)
    price = line.price_unit * (1 - line.discount / 100.0)
    amounts = charged.compute_all(price, order.currency_id, line.qty, product=product)
    return {
        "uuid": str(uuid4()),
        "product_id": product.id,
        "full_product_name": product.display_name,
        "qty": line.qty,
        "price_unit": line.price_unit,
        "discount": line.discount,
        "price_extra": 0,
        "price_type": "original",
        "price_subtotal": amounts["total_excluded"],
        "price_subtotal_incl": amounts["total_included"],
        "tax_ids": [[6, 0, taxes.ids]],
        "pack_lot_ids": [],
    }


def _dishes(env: Any, company: Any) -> list[dict[str, Any]]:
    standard = env.ref(f"account.{company.id}_ST11")
    cold = env["account.tax"].search([("name", "=", "20% cold food"), ("company_id", "=", company.id)], limit=1)
    on_top = standard.copy({"name": "Twin 20 % on top", "price_include_override": "tax_excluded"})
    levy = standard.copy({"name": "Twin 3 % levy on top", "amount": 3, "price_include_override": "tax_excluded"})
    zero = env.ref(f"account.{company.id}_ST0")
    category = (
        env["product.category"]
        .with_company(company)
        .create({"name": "Twin dishes", "property_cost_method": "average", "property_valuation": "real_time"})
    )
    kinds = [standard, standard, cold, cold, on_top, levy, standard | levy, zero, env["account.tax"]]
    return [
        {
            "name": f"{NAME} {number}",
            "list_price": 2.35 + number * 1.17,
            "standard_price": 0.81 + number * 0.29,
            "company_id": company.id,
            "type": "consu",
            "is_storable": number % 3 != 0,
            "categ_id": category.id,
            "available_in_pos": True,
            "taxes_id": [(6, 0, taxes.ids)],
            "supplier_taxes_id": [(5, 0, 0)],
        }
        for number, taxes in enumerate(kinds)
    ]


def _discounts(company: Any) -> list[dict[str, Any]]:
    kinds = [
        ("line", "percent", 1000),
        ("line", "percent", 1250),
        ("line", "percent", 3333),
        ("line", "amount", 100),
        ("order", "percent", 1000),
        ("order", "amount", 250),
    ]
    return [
        {
            "name": f"Twin {scope} {value}",
            "company_id": company.id,
            "scope": scope,
            "kind": kind,
            "value_bp": value if kind == "percent" else 0,
            "amount": value / 100 if kind == "amount" else 0,
        }
        for scope, kind, value in kinds
    ]

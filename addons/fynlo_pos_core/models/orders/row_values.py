"""What an order, its lines and the lines of tip, surcharge and service charge become as values of their rows.

In the ORM's write format, but for ``tax_ids`` of a line, which are plain ids.
"""

from ...tools.identifiers import uuid7
from ...tools.money import to_major
from .order_header import order_header


def new_order(order, identity, facts):
    """The row of a new order."""
    return {
        **constants(identity, facts),
        **order_header(order, facts),
        **_amounts(order, facts),
        "uuid": order.uuid,
        "name": order.number,
        "pos_reference": order.number,
        "fynlo_number": order.number,
        "tracking_number": order.number.rpartition("-")[2][-3:],
        "sequence_number": int(order.number.rpartition("-")[2]),
        "access_token": uuid7(),
        "date_order": order.created_at.replace(microsecond=0),
        "session_id": order.session_id,
        "fynlo_device_id": identity.device_id,
        "fynlo_business_date": order.business_date,
        "fynlo_client_created_at": order.client_created_at,
        "fynlo_catalogue_version": order.catalogue_version,
        "fynlo_late_arrival": order.late_arrival,
        "fynlo_price_drift": order.price_drift,
    }


def changed_order(order, facts):
    """The columns to update. A column that is given unchanged would have Odoo compute what depends on it."""
    header = {
        name: value for name, value in order_header(order, facts).items() if order.stored_header.get(name) != value
    }
    return {**header, **_amounts(order, facts)}


def fresh_lines(order, facts):
    """The rows that the order does not have yet."""
    lines = [row for line in order.lines if not line.row_id for row in _line_rows(line, order, facts)]
    return [*lines, *(row for row in _extra_rows(order, facts) if "id" not in row)]


def changed_lines(order, facts):
    """What existing rows become, each with its ``id``; ``tax_ids`` only where the taxes are others now."""
    leaves = [leaf for line in order.lines for leaf in (line, *line.parts) if leaf.row_id and leaf.dirty]
    return [*(_changed_row(leaf, facts) for leaf in leaves), *(row for row in _extra_rows(order, facts) if "id" in row)]


def _changed_row(line, facts):
    taxes = {"tax_ids": line.tax_ids} if line.retaxed else {}
    return {"id": line.row_id, **_line_amounts(line, facts), **taxes}


def _line_rows(line, order, facts):
    """The rows of a line: itself, then the parts of a combo."""
    for part in [line, *line.parts]:
        yield {
            **facts.line_defaults,
            "name": order.number,
            "company_id": facts.company_id,
            "uuid": part.uuid,
            "product_id": part.variant_id,
            "full_product_name": part.name,
            "price_type": "original",
            "note": "",
            "combo_item_id": part.combo_item_id,
            "fynlo_choice_uuid": part.choice_uuid,
            "fynlo_halves": part.halves,
            "fynlo_catalogue_version": part.catalogue_version,
            "tax_ids": () if part.parts else part.tax_ids,
            **_line_amounts(part, facts),
        }


def _extra_rows(order, facts):
    """Tip, surcharge and service charge are lines of products of their own, so that closing books them apart."""
    if order.tip or order.tip_row_id:
        amount = to_major(order.tip, facts.digits)
        amounts = {"price_unit": amount, "price_subtotal": amount, "price_subtotal_incl": amount}
        yield _extra_row(order, facts, order.tip_row_id, facts.tip_product_id, "Tip", (), amounts)
    if order.surcharge or order.surcharge_row_id:
        yield _extra_row(
            order, facts, order.surcharge_row_id, facts.surcharge_product_id, "Card fee", order.surcharge_tax_ids,
            {
                "price_unit": to_major(order.surcharge, facts.digits),
                "price_subtotal": to_major(order.surcharge - order.surcharge_tax, facts.digits),
                "price_subtotal_incl": to_major(order.surcharge, facts.digits),
            },
        )  # fmt: skip
    service, rule = order.service, facts.service_charge
    if rule and service and (service.total or service.row_id):
        amounts = {
            "price_unit": to_major(service.total if _included(rule, facts) else service.net, facts.digits),
            "price_subtotal": to_major(service.net, facts.digits),
            "price_subtotal_incl": to_major(service.total, facts.digits),
        }
        yield _extra_row(order, facts, service.row_id, rule.product_id, rule.name, rule.tax_ids, amounts)


def constants(identity, facts):
    """What is the same for every order of this location and employee."""
    return {
        **facts.order_defaults,
        "user_id": identity.user_id,
        "employee_id": identity.employee_id,
        "cashier": identity.employee_name,
        "company_id": facts.company_id,
        "config_id": facts.location_id,
        "pricelist_id": facts.pricelist_id,
        "sale_journal": facts.journal_id,
        "state": "draft",
        "currency_rate": 1.0,
        "email": "",
        "mobile": False,
        "use_self_order_online_payment": False,
    }


def _amounts(order, facts):
    """The columns that follow from the order's lines and payments."""
    return {
        "amount_tax": to_major(order.tax + order.surcharge_tax, facts.digits),
        "amount_total": to_major(order.charged - order.rounding, facts.digits),
        "amount_paid": to_major(order.paid, facts.digits),
        "amount_return": to_major(order.change, facts.digits),
        "amount_difference": to_major(order.paid - order.charged + order.rounding, facts.digits),
        "fynlo_rounding": order.rounding,
        "fynlo_reserved": order.reserved,
        "is_tipped": order.tip > 0,
        "tip_amount": to_major(order.tip, facts.digits),
        "fynlo_fulfilment": order.fulfilment,
        "fynlo_payment_state": order.payment,
        "fynlo_service_charge": order.service.stored() if order.service else None,
        "fynlo_stamps": order.stamps,
        "fynlo_courses": order.courses,
        "fynlo_discounts": [discount.stored() for discount in order.discounts],
        "fynlo_shortages": order.shortages,
    }


def _line_amounts(line, facts):
    """The columns of a line that an edit may change. A combo's own row carries no price."""
    priced = not line.parts
    return {
        "qty": float(line.quantity) if line.active else 0.0,
        "price_extra": to_major(line.unit_price - line.base_price, facts.digits),
        "fynlo_modifiers": [modifier.stored() for modifier in line.modifiers],
        "price_unit": to_major(line.unit_price, facts.digits) if priced else 0.0,
        "discount": line.discount_percent if priced else 0.0,
        "price_subtotal": to_major(line.net, facts.digits) if priced else 0.0,
        "price_subtotal_incl": to_major(line.total, facts.digits) if priced else 0.0,
        "customer_note": line.note,
        "fynlo_course": line.course,
        "fynlo_seat": line.seat,
        "fynlo_state": line.state,
        "fynlo_sent_quantity": float(line.sent_quantity),
        "fynlo_taxes": [list(tax) for tax in line.taxes] if priced else [],
        "fynlo_discount": line.discount if priced else 0,
        "fynlo_void": line.void,
        "fynlo_wasted": float(line.wasted),
    }


def _extra_row(order, facts, row_id, product_id, name, tax_ids, amounts):
    if row_id:
        return {"id": row_id, **amounts}
    return {
        **facts.line_defaults,
        **amounts,
        "company_id": facts.company_id,
        "name": order.number,
        "uuid": uuid7(),
        "product_id": product_id,
        "full_product_name": name,
        "qty": 1.0,
        "tax_ids": tax_ids,
    }


def _included(rule, facts):
    """Whether the taxes of the service charge lie in its price."""
    return all(facts.taxes[tax_id].included for tax_id in rule.tax_ids if tax_id in facts.taxes)

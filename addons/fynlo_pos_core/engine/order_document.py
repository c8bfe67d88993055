"""An order's one shape on the wire: REST answers, events and idempotency records."""

from ..tools.clock import wire
from .facts import quantity_text


def order_document(order, facts):
    """The document of CONTRACT "Order" for an order that has been priced."""
    money = money_of(facts.currency)
    return {
        "id": order.uuid,
        "number": order.number,
        "version": order.version,
        "state": order.state,
        "fulfilment": order.fulfilment,
        "payment": order.payment,
        "business_date": order.business_date.isoformat(),
        "location_id": facts.location_uuid,
        "device_id": order.device_uuid,
        "created_by": order.created_by,
        "client_created_at": wire(order.client_created_at),
        "created_at": wire(order.created_at),
        "updated_at": wire(order.updated_at),
        "table": order.table,
        "guests": order.guests,
        "customer": order.customer,
        "note": order.note,
        "tab_name": order.tab_name or None,
        "server": order.server or order.created_by,
        "courses": [_course(number, order.courses[number]) for number in sorted(order.courses, key=int)],
        "preset_id": _preset_uuid(order, facts),
        "lines": [line_document(line, money) for line in order.lines],
        "discounts": [_discount(discount, money) for discount in order.discounts],
        "service_charge": money(_service(order)),
        "totals": _totals(order, facts, money),
        "payments": order.payments,
        "split": _shares(order.shares, money) if order.shares else None,
        "split_from": order.split_from,
        "merged_into": order.merged_into,
        "price_drift": _price_drift(order, money),
        "late_arrival": order.late_arrival,
        "shortages": order.shortages,
        "livemode": False,
    }


def line_document(line, money):
    """One line; a combo is one line with its parts in ``combo``."""
    return {
        "id": line.uuid,
        "variant_id": line.variant_uuid,
        "product_id": line.product_uuid,
        "name": line.name,
        "quantity": quantity_text(line.quantity),
        "unit_price": money(line.unit_price if not line.parts else sum(part.unit_price for part in line.parts)),
        "modifiers": [_modifier(modifier, money) for modifier in line.modifiers],
        "combo": [_part(part, money) for part in line.parts],
        "halves": line.halves,
        "discount": money(line.discount),
        "subtotal": money(line.net),
        "tax": money(line.tax),
        "total": money(line.total),
        "taxes": [
            {"tax_id": uuid, "rate_bp": rate_bp, "amount": money(amount)} for uuid, rate_bp, amount in line.taxes
        ],
        "note": line.note,
        "course": line.course,
        "seat": line.seat,
        "state": line.state,
        "sent_quantity": quantity_text(line.sent_quantity),
        "void": line.void,
        "wasted": quantity_text(line.wasted),
        "catalogue_version": line.catalogue_version,
    }


def money_of(currency):
    def money(minor):
        return {"amount": minor, "currency": currency}

    return money


def _totals(order, facts, money):
    rounding = facts.cash_rounding
    return {
        "subtotal": money(order.net),
        "discount": money(order.discount),
        "service_charge": money(_service(order)),
        "tax": money(order.tax),
        "tip": money(order.tip),
        "surcharge": money(order.surcharge),
        "total": money(order.total),
        "rounding": money(order.rounding),
        "paid": money(order.paid),
        "refunded": money(order.refunded),
        "reserved": money(order.reserved),
        "due": money(order.due),
        "cash_due": money(rounding.rounded(order.due) if rounding else order.due),
    }


def _service(order):
    return order.service.total if order.service else 0


def _modifier(modifier, money):
    return {
        "modifier_id": modifier.uuid,
        "name": modifier.name,
        "quantity": modifier.quantity,
        "price": money(modifier.price),
    }


def _part(part, money):
    return {
        "choice_id": part.choice_uuid,
        "variant_id": part.variant_uuid,
        "name": part.name,
        "unit_price": money(part.unit_price),
        "modifiers": [_modifier(modifier, money) for modifier in part.modifiers],
    }


def _course(number, course):
    return {
        "course": int(number),
        "fired_at": course.get("fired_at"),
        "held_at": course.get("held_at"),
        "by": course["by"],
    }


def _shares(split, money):
    return {
        "kind": split.kind,
        "shares": [
            {
                "id": share.uuid,
                "amount": money(share.amount),
                "paid": money(share.paid),
                "due": money(share.due),
                "payment_ids": share.payments,
            }
            for share in split.shares
        ],
    }


def _discount(discount, money):
    return {
        "id": discount.uuid,
        "discount_id": discount.discount_uuid,
        "name": discount.name,
        "line_id": discount.line_uuid,
        "line_ids": discount.line_uuids,
        "amount": money(discount.amount),
        "reason": discount.reason,
    }


def _preset_uuid(order, facts):
    preset = facts.preset(order.preset_id)
    return preset.uuid if preset else None


def _price_drift(order, money):
    """How far the till's expectation was from the server's total when the order was made."""
    drift = order.price_drift
    if drift is None:
        return None
    return {
        "expected": money(drift["expected"]),
        "actual": money(drift["actual"]),
        "difference": money(drift["actual"] - drift["expected"]),
    }

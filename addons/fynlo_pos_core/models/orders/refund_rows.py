"""The negative order by which a refund reaches Odoo's books, and what it leaves of the order refunded.

Closing a till session posts it like any order: revenue, taxes, tips and stock are reversed in the
session in which the money went back, whether the first one is posted already or not.
"""

from decimal import Decimal

from odoo import api, models
from odoo.fields import Command
from psycopg2.errors import SerializationFailure

from ...engine.refund import Sold
from ...tools.identifiers import uuid7
from ...tools.money import to_major, to_minor
from .order_rows import QUIET
from .row_values import constants

SOLD = """
    SELECT line.id, line.uuid, line.product_id, line.full_product_name, line.qty, line.price_unit,
           line.price_subtotal_incl, line.total_cost, parent.uuid AS parent,
           ARRAY(SELECT account_tax_id FROM account_tax_pos_order_line_rel rel
                  WHERE rel.pos_order_line_id = line.id ORDER BY 1) AS tax_ids,
           coalesce(back.quantity, 0) AS returned, coalesce(back.total, 0) AS refunded
      FROM pos_order_line line
      LEFT JOIN pos_order_line parent ON parent.id = line.combo_parent_id
      LEFT JOIN LATERAL (
           SELECT -sum(refund.qty) FILTER (WHERE refund.fynlo_allowance IS NOT TRUE) AS quantity,
                  -sum(refund.price_subtotal_incl) AS total
             FROM pos_order_line refund WHERE refund.refunded_orderline_id = line.id) back ON TRUE
     WHERE line.order_id = %s AND line.fynlo_state = 'active' ORDER BY line.id
"""


class FynloOrderRows(models.AbstractModel):
    _inherit = "fynlo.order.rows"

    @api.model
    def _sold(self, order, facts):
        """The rows of a locked order with what is left of each to refund."""
        self.env.flush_all()
        self.env.cr.execute(SOLD, (order.row_id,))
        return [_sold_of(row, facts) for row in self.env.cr.dictfetchall()]

    @api.model
    def _insert_refund(self, order, returned, identity, facts, session_id):
        """Write the negative order of these rows, still open, in the session where money goes back.

        The caller books the payments, then writes the state ``paid``.
        """
        env = self.env(user=identity.user_id, su=True, context={**self.env.context, **QUIET})
        values = {
            **constants(identity, facts),
            **self._refund_head(order, identity, facts, session_id),
            **_refund_amounts(returned, facts),
            "lines": [Command.create(self._refund_row(row, order, facts)) for row in returned],
        }
        record = env["pos.order"].create([values])
        env.flush_all()
        self._link_refunded_parts(record)
        return record

    def _refund_head(self, order, identity, facts, session_id):
        original = self.env["pos.order"].sudo().browse(order.row_id)
        self.env.cr.execute("SELECT count(*) + 1 FROM pos_order WHERE fynlo_refunded_order_id = %s", (order.row_id,))
        place = self.env.cr.fetchone()[0]
        number = f"{order.number}-R{place}"
        now = self.env.cr.now()
        return {
            "uuid": uuid7(),
            "name": number,
            "pos_reference": number,
            "fynlo_number": number,
            "fynlo_refunded_order_id": order.row_id,
            "tracking_number": f"R{place}",
            "sequence_number": place,
            "access_token": uuid7(),
            "date_order": now.replace(microsecond=0),
            "session_id": session_id,
            "is_refund": True,
            "partner_id": original.partner_id.id,
            "preset_id": original.preset_id.id,
            "fiscal_position_id": original.fiscal_position_id.id,
            "fynlo_device_id": identity.device_id,
            "fynlo_business_date": self.env["pos.config"].sudo().browse(facts.location_id)._fynlo_business_date(),
            "fynlo_catalogue_version": facts.version,
            "fynlo_fulfilment": "served",
            "fynlo_payment_state": "paid",
        }

    def _refund_row(self, row, order, facts):
        sold, taxed = row.sold, row.taxed
        return {
            **facts.line_defaults,
            "name": order.number,
            "company_id": facts.company_id,
            "uuid": uuid7(),
            "product_id": sold.product_id,
            "full_product_name": sold.name,
            "price_type": "original",
            "refunded_orderline_id": sold.row_id,
            "qty": -float(row.quantity),
            "price_unit": to_major(row.unit_price, facts.digits),
            "discount": row.discount_percent,
            "price_subtotal": -to_major(taxed.excluded, facts.digits),
            "price_subtotal_incl": -to_major(taxed.included, facts.digits),
            "tax_ids": [Command.set(sold.tax_ids)],
            "fynlo_taxes": [[rule.uuid, rule.rate_bp, -amount] for rule, amount in taxed.by_tax],
            "fynlo_restocked": row.restock,
            "fynlo_allowance": row.allowance,
            **_cost(row, facts),
        }

    def _link_refunded_parts(self, record):
        """The parts of a combo that goes back belong to the combo's own row, as they did when it was sold."""
        self.env.cr.execute(
            """UPDATE pos_order_line part SET combo_parent_id = parent.id
                 FROM pos_order_line sold, pos_order_line parent
                WHERE part.order_id = %(order)s AND sold.id = part.refunded_orderline_id
                  AND parent.order_id = %(order)s AND parent.refunded_orderline_id = sold.combo_parent_id
                  AND part.fynlo_allowance IS NOT TRUE""",
            {"order": record.id},
        )
        self.env["pos.order.line"].invalidate_model(["combo_parent_id", "combo_line_ids"], flush=False)

    @api.model
    def _keep_refunded(self, order):
        """Write what was refunded of a completed order, the only thing about it that may still change.

        One version more. Raises a serialization failure when somebody else has written the order
        since it was loaded.
        """
        self.env.cr.execute(
            """UPDATE pos_order SET fynlo_refunded = %s, fynlo_payment_state = %s, write_date = %s,
                      fynlo_version = fynlo_version + 1
                WHERE id = %s AND fynlo_version = %s AND state IN ('paid', 'done', 'invoiced')""",
            (order.refunded, order.payment, self.env.cr.now(), order.row_id, order.version),
        )
        if not self.env.cr.rowcount:
            raise SerializationFailure(f"order {order.uuid} changed")
        order.version += 1
        self.env["pos.order"].browse(order.row_id).invalidate_recordset(
            ["fynlo_refunded", "fynlo_payment_state", "fynlo_version", "write_date"], flush=False
        )


def _sold_of(row, facts):
    kinds = {
        facts.tip_product_id: "tip",
        facts.service_product_id: "service",
        facts.surcharge_product_id: "surcharge",
    }
    quantity = _decimal(row["qty"])
    return Sold(
        row_id=row["id"],
        uuid=row["uuid"],
        kind=kinds.get(row["product_id"], "item"),
        product_id=row["product_id"],
        name=row["full_product_name"],
        quantity=quantity,
        unit_price=to_minor(row["price_unit"], facts.digits),
        total=to_minor(row["price_subtotal_incl"], facts.digits),
        tax_ids=tuple(row["tax_ids"]),
        parent=row["parent"],
        cost=Decimal(repr(row["total_cost"] or 0.0)) / quantity if quantity else Decimal(0),
        returned=_decimal(row["returned"]),
        refunded=to_minor(row["refunded"], facts.digits),
    )


def _refund_amounts(returned, facts):
    total, net = (-sum(getattr(row.taxed, name) for row in returned) for name in ("included", "excluded"))
    tip = -sum(row.total for row in returned if row.sold.kind == "tip")
    return {
        "amount_tax": to_major(total - net, facts.digits),
        "amount_total": to_major(total, facts.digits),
        "amount_paid": to_major(total, facts.digits),
        "amount_return": 0.0,
        "amount_difference": 0.0,
        "tip_amount": to_major(tip, facts.digits),
    }


def _decimal(number):
    return Decimal(repr(round(float(number), 3))).normalize()


def _cost(row, facts):
    """Goods that go back into stock take their cost back; what is thrown away stays spent."""
    at_closing = row.restock and row.sold.product_id in facts.costed_at_closing
    cost = -row.sold.cost * row.quantity if row.restock and not row.allowance else Decimal(0)
    return {"total_cost": float(cost), "is_total_cost_computed": not at_closing}

"""Reading orders: from their rows to an order in memory, with two queries (three with payments).

The negative orders by which refunds reach the books are none that a till knows; it has the refunds.
"""

from decimal import Decimal
from functools import cache

from odoo import api, models

from ...engine.bill_shares import BillShares
from ...engine.order import AppliedDiscount, Line, Modifier, Order, ServiceCharge
from ...engine.pricing import gather_parts
from ...rest import NotFound
from ...rest.prepared_statement import PreparedStatement
from ...tools.money import to_minor
from .order_header import order_header
from .pos_order import STATES

# has_payments: a page of orders would hash an EXISTS, that is, read every payment there ever was
ORDERS = """
    SELECT o.id, o.uuid, o.fynlo_number, o.preset_id, o.fynlo_business_date, o.fynlo_client_created_at, o.create_date,
           o.write_date, o.fynlo_catalogue_version, o.session_id, o.fynlo_version, o.state, o.fynlo_fulfilment,
           o.fynlo_payment_state, o.table_id, o.customer_count, o.partner_id, o.general_customer_note,
           o.fynlo_discounts, o.fynlo_price_drift, o.fynlo_late_arrival, o.fynlo_stamps, o.fynlo_courses,
           o.fynlo_service_charge, o.fynlo_rounding, o.fynlo_carried, o.fynlo_tab_name, o.employee_id,
           o.fynlo_server_id, o.fynlo_shares, o.amount_total, o.amount_tax, o.amount_paid, o.amount_return,
           o.fynlo_shortages, o.fynlo_refunded, o.fynlo_reserved,
           device.fynlo_uuid AS device_uuid, employee.fynlo_uuid AS employee_uuid, employee.name AS employee_name,
           seat.fynlo_uuid AS table_uuid, seat.table_number, guest.name AS guest_name,
           guest.fynlo_uuid AS guest_uuid, server.fynlo_uuid AS server_uuid, server.name AS server_name,
           origin.uuid AS origin_uuid, origin.fynlo_number AS origin_number,
           heir.uuid AS heir_uuid, heir.fynlo_number AS heir_number,
           (SELECT TRUE FROM pos_payment WHERE pos_order_id = o.id LIMIT 1) IS TRUE AS has_payments
      FROM pos_order o
      LEFT JOIN fynlo_device device ON device.id = o.fynlo_device_id
      LEFT JOIN hr_employee employee ON employee.id = o.employee_id
      LEFT JOIN restaurant_table seat ON seat.id = o.table_id
      LEFT JOIN res_partner guest ON guest.id = o.partner_id
      LEFT JOIN hr_employee server ON server.id = o.fynlo_server_id
      LEFT JOIN pos_order origin ON origin.id = o.fynlo_split_from_id
      LEFT JOIN pos_order heir ON heir.id = o.fynlo_merged_into_id
"""
ONE = " WHERE o.uuid = %(order)s AND o.config_id = %(location)s AND o.is_refund IS NOT TRUE"
ORDER = PreparedStatement(ORDERS + ONE)
ORDER_TO_WRITE = PreparedStatement(ORDERS + ONE + " FOR UPDATE OF o")
LINES_OF_ORDERS = """
    SELECT l.order_id, l.id, l.uuid, l.product_id, variant.fynlo_uuid AS variant_uuid,
           template.fynlo_uuid AS product_uuid, l.full_product_name, l.qty, l.price_unit, l.price_extra,
           l.discount,
           l.price_subtotal, l.price_subtotal_incl, l.combo_parent_id, l.combo_item_id, l.customer_note,
           l.fynlo_choice_uuid, l.fynlo_course, l.fynlo_seat, l.fynlo_state, l.fynlo_sent_quantity,
           l.fynlo_modifiers, l.fynlo_halves, l.fynlo_taxes, l.fynlo_discount, l.fynlo_void, l.fynlo_wasted,
           l.fynlo_catalogue_version,
           ARRAY(SELECT account_tax_id FROM account_tax_pos_order_line_rel rel
                  WHERE rel.pos_order_line_id = l.id ORDER BY 1) AS tax_ids
      FROM pos_order_line l
      JOIN product_product variant ON variant.id = l.product_id
      JOIN product_template template ON template.id = variant.product_tmpl_id
     WHERE l.order_id = ANY(%(orders)s)
"""
LINES = PreparedStatement(LINES_OF_ORDERS + " ORDER BY l.order_id, l.id")
#: The lines of one order, and beside each the same answer to what an edit must know of the journal.
LINES_AND_JOURNAL = PreparedStatement(
    f"""SELECT journal.known, found.*
          FROM (SELECT jsonb_agg(jsonb_build_array(kind, id, body, result, code, detail, conflict)) AS known
                  FROM (SELECT 'op', op_id, body, result, code, detail, conflict FROM fynlo_order_operation
                         WHERE order_id = ANY(%(orders)s) AND op_id = ANY(%(ops)s)
                        UNION ALL
                        SELECT 'line', uuid, NULL, NULL, NULL, NULL, NULL FROM pos_order_line
                         WHERE uuid = ANY(%(new_lines)s) AND order_id != ALL(%(orders)s)
                       ) AS entry(kind, id, body, result, code, detail, conflict)) journal
          LEFT JOIN ({LINES_OF_ORDERS}) found ON TRUE
         ORDER BY found.id""",  # noqa: S608 - put together from constants of this file
    ops="text[]",
    new_lines="text[]",
)


#: Filters that leave a handful of orders, each with an index.
FEW = frozenset({"number", "business_date", "orders"})


@cache
def _page_of(where, few):
    """One statement for each set of filters; there are few, and their plans are kept.

    ``few`` orders are found by an index of the filter and sorted. The planner, who does not know the limit, might
    walk through all orders from the newest to the oldest instead; that the order is by a sum keeps it from it.
    """
    place = "o.id + 0" if few else "o.id"
    return PreparedStatement(
        f"{ORDERS} WHERE o.config_id = %(location)s AND o.fynlo_number IS NOT NULL AND o.is_refund IS NOT TRUE {where}"
        f" ORDER BY {place} DESC LIMIT %(limit)s"
    )


class FynloOrderRows(models.AbstractModel):
    _name = "fynlo.order.rows"
    _description = "Reading and writing order rows"

    @api.model
    def _lock(self, uuid, facts):
        """The order as it is once no other request is writing it; it stays locked until commit.

        Raises ``not_found`` when the location has no such order.
        """
        ORDER_TO_WRITE.execute(self.env.cr, order=str(uuid), location=facts.location_id)
        return self._orders(self.env.cr.dictfetchall(), facts, wanted=1)[0]

    @api.model
    def _lock_with_journal(self, uuid, facts, op_ids, line_ids):
        """The order as :meth:`_lock` gives it, what the journal has of ``op_ids``, and which lines are another order's.

        Returns ``(order, {op_id: (body, result, code, detail, conflict)}, {line uuid})``.
        """
        journal = []

        def lines_of(order_ids):
            LINES_AND_JOURNAL.execute(self.env.cr, orders=order_ids, ops=op_ids, new_lines=line_ids)
            rows = self.env.cr.dictfetchall()
            journal.extend(rows[0]["known"] or ())
            return [row for row in rows if row["id"]]

        ORDER_TO_WRITE.execute(self.env.cr, order=str(uuid), location=facts.location_id)
        order = self._orders(self.env.cr.dictfetchall(), facts, wanted=1, lines_of=lines_of)[0]
        known = {entry[1]: tuple(entry[2:]) for entry in journal if entry[0] == "op"}
        return order, known, {entry[1] for entry in journal if entry[0] == "line"}

    @api.model
    def _lock_all(self, uuids, facts):
        """Several orders as :meth:`_lock` gives one, locked in one order of all tills so that none waits in a circle.

        In the order of ``uuids``. Raises ``not_found`` when the location lacks one of them.
        """
        self.env.cr.execute(
            ORDERS + " WHERE o.uuid = ANY(%s) AND o.config_id = %s ORDER BY o.id FOR UPDATE OF o",
            ([str(uuid) for uuid in uuids], facts.location_id),
        )
        found = {order.uuid: order for order in self._orders(self.env.cr.dictfetchall(), facts, wanted=len(uuids))}
        return [found[str(uuid)] for uuid in uuids]

    @api.model
    def _read_one(self, uuid, facts):
        """The order as it is now. Raises ``not_found``."""
        ORDER.execute(self.env.cr, order=str(uuid), location=facts.location_id)
        return self._orders(self.env.cr.dictfetchall(), facts, wanted=1)[0]

    @api.model
    def _read_page(self, facts, where, values, limit):
        """Up to ``limit`` orders of the location, the newest first. ``where`` is SQL of ours alone."""
        _page_of(where, few=not FEW.isdisjoint(values)).execute(
            self.env.cr, location=facts.location_id, limit=limit, **values
        )
        return self._orders(self.env.cr.dictfetchall(), facts)

    def _orders(self, rows, facts, wanted=0, lines_of=None):
        if len(rows) < wanted:
            raise NotFound(self.env._("There is no such order at this location."))
        if not rows:
            return []
        order_ids = [row["id"] for row in rows]
        lines_by_order = {}
        for line in (lines_of or self._lines)(order_ids):
            lines_by_order.setdefault(line["order_id"], []).append(line)
        payments = {}
        if any(row["has_payments"] or row["fynlo_reserved"] or row["fynlo_payment_state"] != "unpaid" for row in rows):
            payments = self.env["pos.order"]._fynlo_payment_documents(order_ids)
        return [_order_of(row, lines_by_order.get(row["id"], []), payments.get(row["id"], []), facts) for row in rows]

    def _lines(self, order_ids):
        LINES.execute(self.env.cr, orders=order_ids)
        return self.env.cr.dictfetchall()


def _decimal(number):
    """A quantity column (a float of at most three decimals) as the decimal it stands for."""
    return Decimal(repr(round(number or 0.0, 3))).normalize()


def _order_of(row, line_rows, payments, facts):
    digits = facts.digits
    tips = [line for line in line_rows if line["product_id"] == facts.tip_product_id]
    charges = [line for line in line_rows if line["product_id"] == facts.service_product_id]
    fees = [line for line in line_rows if line["product_id"] == facts.surcharge_product_id]
    line_rows = [line for line in line_rows if line not in tips and line not in charges and line not in fees]
    tip = sum(to_minor(line["price_subtotal_incl"], digits) for line in tips)
    surcharge = sum(to_minor(line["price_subtotal_incl"], digits) for line in fees)
    surcharge_tax = surcharge - sum(to_minor(line["price_subtotal"], digits) for line in fees)
    total = to_minor(row["amount_total"], digits) - tip - surcharge
    tax = to_minor(row["amount_tax"], digits) - surcharge_tax
    order = Order(
        uuid=row["uuid"],
        number=row["fynlo_number"],
        preset_id=row["preset_id"],
        business_date=row["fynlo_business_date"],
        client_created_at=row["fynlo_client_created_at"],
        created_at=row["create_date"],
        updated_at=row["write_date"],
        created_by={"id": row["employee_uuid"], "name": row["employee_name"]},
        device_uuid=row["device_uuid"],
        catalogue_version=row["fynlo_catalogue_version"],
        row_id=row["id"],
        session_id=row["session_id"],
        version=row["fynlo_version"],
        state=STATES[row["state"]],
        fulfilment=row["fynlo_fulfilment"],
        payment=row["fynlo_payment_state"],
        table_id=row["table_id"],
        table={"id": row["table_uuid"], "name": str(row["table_number"])} if row["table_id"] else None,
        guests=row["customer_count"] or 0,
        customer_id=row["partner_id"],
        customer={"id": row["guest_uuid"], "name": row["guest_name"]} if row["partner_id"] else None,
        note=row["general_customer_note"] or "",
        tab_name=row["fynlo_tab_name"] or "",
        employee_id=row["employee_id"],
        server_id=row["fynlo_server_id"],
        server={"id": row["server_uuid"], "name": row["server_name"]} if row["fynlo_server_id"] else None,
        lines=_lines_of(line_rows, facts),
        discounts=[AppliedDiscount.from_stored(values) for values in row["fynlo_discounts"] or []],
        price_drift=row["fynlo_price_drift"],
        stamps=row["fynlo_stamps"] or {},
        courses=row["fynlo_courses"] or {},
        service=_service_of(row["fynlo_service_charge"], charges, digits),
        shares=BillShares.from_stored(row["fynlo_shares"]) if row["fynlo_shares"] else None,
        split_from={"id": row["origin_uuid"], "number": row["origin_number"]} if row["origin_uuid"] else None,
        merged_into={"id": row["heir_uuid"], "number": row["heir_number"]} if row["heir_uuid"] else None,
        late_arrival=bool(row["fynlo_late_arrival"]),
        shortages=row["fynlo_shortages"] or [],
        carried=bool(row["fynlo_carried"]),
        tip=tip,
        rounding=row["fynlo_rounding"] or 0,
        tip_row_id=tips[0]["id"] if tips else None,
        surcharge=surcharge,
        surcharge_tax=surcharge_tax,
        surcharge_tax_ids=tuple(fees[0]["tax_ids"]) if fees else (),
        surcharge_row_id=fees[0]["id"] if fees else None,
        paid=to_minor(row["amount_paid"], digits),
        change=to_minor(row["amount_return"], digits),
        refunded=row["fynlo_refunded"] or 0,
        reserved=row["fynlo_reserved"] or 0,
        payments=payments,
        net=total - tax,
        tax=tax,
        total=total,
    )
    order.discount = sum(line.discount for line in order.active_lines)
    order.stored_header = order_header(order, facts)
    return order


def _service_of(stored, rows, digits):
    if not stored:
        return None
    service = ServiceCharge.from_stored(stored)
    if rows:
        service.row_id = rows[0]["id"]
        service.net, service.total = (
            to_minor(rows[0][name], digits) for name in ("price_subtotal", "price_subtotal_incl")
        )
        service.tax = service.total - service.net
    return service


def _lines_of(rows, facts):
    """Lines with the parts of combos below their parents; amounts as stored."""
    by_row = {row["id"]: _line_of(row, facts) for row in rows}
    lines = []
    for row in rows:
        if row["combo_parent_id"]:
            by_row[row["combo_parent_id"]].parts.append(by_row[row["id"]])
        else:
            lines.append(by_row[row["id"]])
    for line in lines:
        if line.parts:
            gather_parts(line)
    return lines


def _line_of(row, facts):
    modifiers = [Modifier.from_stored(values) for values in row["fynlo_modifiers"] or []]
    unit_price, void = to_minor(row["price_unit"], facts.digits), row["fynlo_void"]
    net, total = (to_minor(row[name], facts.digits) for name in ("price_subtotal", "price_subtotal_incl"))
    return Line(
        uuid=row["uuid"],
        variant_id=row["product_id"],
        variant_uuid=row["variant_uuid"],
        product_uuid=row["product_uuid"],
        name=row["full_product_name"],
        quantity=Decimal(void["quantity"]) if void else _decimal(row["qty"]),
        unit_price=unit_price,
        base_price=unit_price - to_minor(row["price_extra"] or 0, facts.digits),
        tax_ids=tuple(row["tax_ids"]),
        catalogue_version=row["fynlo_catalogue_version"],
        modifiers=modifiers,
        halves=row["fynlo_halves"] or [],
        choice_uuid=row["fynlo_choice_uuid"],
        combo_item_id=row["combo_item_id"],
        note=row["customer_note"] or "",
        course=row["fynlo_course"] or 1,
        seat=row["fynlo_seat"] or None,
        state=row["fynlo_state"],
        sent_quantity=_decimal(row["fynlo_sent_quantity"]),
        void=void,
        wasted=_decimal(row["fynlo_wasted"]),
        row_id=row["id"],
        dirty=False,
        discount=row["fynlo_discount"] or 0,
        discount_percent=float(row["discount"] or 0),
        net=net,
        tax=total - net,
        total=total,
        taxes=tuple(tuple(tax) for tax in row["fynlo_taxes"] or ()),
    )

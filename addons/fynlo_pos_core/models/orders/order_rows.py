"""Between an order in memory and its rows: few statements, none for what the facts know.

Writes go through the ORM (every override and constraint applies) with all stored values given and
the location's constants already in the cache. ``docs/architecture.md`` has the path of an order.
"""

from decimal import Decimal

from psycopg2.errors import SerializationFailure

from odoo import api, models
from odoo.fields import Command

from ...engine.order import AppliedDiscount, Line, Modifier, Order
from ...engine.pricing import gather_parts
from ...rest import NotFound
from ...tools.identifiers import uuid7
from ...tools.money import to_major, to_minor
from .pos_order import GIVEN, STATES

QUIET = {
    "tracking_disable": True,
    "mail_notrack": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_auto_subscribe_no_notify": True,
    GIVEN: True,
}

ORDER_COLUMNS = """
    o.id, o.uuid, o.fynlo_number, o.preset_id, o.fynlo_business_date, o.fynlo_client_created_at, o.create_date,
    o.write_date, o.fynlo_catalogue_version, o.session_id, o.fynlo_version, o.state, o.fynlo_fulfilment,
    o.fynlo_payment_state, o.table_id, o.customer_count, o.partner_id, o.general_customer_note,
    o.fynlo_discounts, o.fynlo_price_drift, o.fynlo_late_arrival, o.fynlo_stamps, o.fynlo_courses, o.amount_total, o.amount_tax, o.amount_paid, o.amount_return,
    device.fynlo_uuid AS device_uuid, employee.fynlo_uuid AS employee_uuid, employee.name AS employee_name,
    seat.fynlo_uuid AS table_uuid, seat.table_number, guest.name AS guest_name,
    guest.fynlo_uuid AS guest_uuid
"""
ORDER_TABLES = """
    pos_order o
    LEFT JOIN fynlo_device device ON device.id = o.fynlo_device_id
    LEFT JOIN hr_employee employee ON employee.id = o.employee_id
    LEFT JOIN restaurant_table seat ON seat.id = o.table_id
    LEFT JOIN res_partner guest ON guest.id = o.partner_id
"""
LINES = """
    SELECT l.order_id, l.id, l.uuid, l.product_id, variant.fynlo_uuid AS variant_uuid,
           template.fynlo_uuid AS product_uuid, l.full_product_name, l.qty, l.price_unit, l.price_extra,
           l.discount,
           l.price_subtotal, l.price_subtotal_incl, l.combo_parent_id, l.combo_item_id, l.customer_note,
           l.fynlo_choice_uuid, l.fynlo_course, l.fynlo_seat, l.fynlo_state, l.fynlo_sent_quantity,
           l.fynlo_modifiers, l.fynlo_taxes, l.fynlo_discount, l.fynlo_void, l.fynlo_catalogue_version,
           ARRAY(SELECT account_tax_id FROM account_tax_pos_order_line_rel rel
                  WHERE rel.pos_order_line_id = l.id ORDER BY 1) AS tax_ids
      FROM pos_order_line l
      JOIN product_product variant ON variant.id = l.product_id
      JOIN product_template template ON template.id = variant.product_tmpl_id
     WHERE l.order_id = ANY(%s)
     ORDER BY l.order_id, l.id
"""


class FynloOrderRows(models.AbstractModel):
    _name = "fynlo.order.rows"
    _description = "Reading and writing order rows"

    # --- reading -------------------------------------------------------------------------

    @api.model
    def _lock(self, uuid, facts):
        """The order as it is once no other request is writing it; it stays locked until commit.

        Raises ``not_found`` when the location has no such order.
        """
        self.env.cr.execute(
            f"SELECT {ORDER_COLUMNS} FROM {ORDER_TABLES} WHERE o.uuid = %s AND o.config_id = %s FOR UPDATE OF o",
            (str(uuid), facts.location_id),
        )
        return self._orders(self.env.cr.dictfetchall(), facts, wanted=1)[0]

    @api.model
    def _read_one(self, uuid, facts):
        """The order as it is now. Raises ``not_found``."""
        self.env.cr.execute(
            f"SELECT {ORDER_COLUMNS} FROM {ORDER_TABLES} WHERE o.uuid = %s AND o.config_id = %s",
            (str(uuid), facts.location_id),
        )
        return self._orders(self.env.cr.dictfetchall(), facts, wanted=1)[0]

    @api.model
    def _read_page(self, facts, where, values, limit):
        """Up to ``limit`` orders of the location, the newest first. ``where`` is SQL of ours alone."""
        self.env.cr.execute(
            f"""SELECT {ORDER_COLUMNS} FROM {ORDER_TABLES}
                 WHERE o.config_id = %s AND o.fynlo_number IS NOT NULL {where}
                 ORDER BY o.id DESC LIMIT %s""",
            (facts.location_id, *values, limit),
        )
        return self._orders(self.env.cr.dictfetchall(), facts)

    def _orders(self, rows, facts, wanted=0):
        if len(rows) < wanted:
            raise NotFound(self.env._("There is no such order at this location."))
        if not rows:
            return []
        order_ids = [row["id"] for row in rows]
        self.env.cr.execute(LINES, (order_ids,))
        lines_by_order = {}
        for line in self.env.cr.dictfetchall():
            lines_by_order.setdefault(line["order_id"], []).append(line)
        payments = {}
        if any(row["amount_paid"] or row["fynlo_payment_state"] != "unpaid" for row in rows):
            payments = self.env["pos.order"]._fynlo_payment_documents(order_ids)
        return [
            _order_of(row, lines_by_order.get(row["id"], []), payments.get(row["id"], []), facts) for row in rows
        ]

    # --- writing -------------------------------------------------------------------------

    @api.model
    def _insert(self, order, identity, facts):
        """Write a new order with its lines in one ORM create."""
        env = self._lean_env(order, identity, facts)
        values = {
            **_constants(identity, facts),
            **_header(order, facts),
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
            "lines": [Command.create(values) for line in order.lines for values in self._line_rows(line, order, facts)],
        }
        record = env["pos.order"].create([values])
        env.flush_all()
        order.row_id = record.id
        self._link_combo_parts(order)

    @api.model
    def _update(self, order, identity, facts, **values):
        """Write the order's totals and the lines that changed; one version more.

        Raises a serialization failure, which runs the request again, when somebody else has
        written the order since it was loaded.
        """
        self.env.cr.execute(
            """UPDATE pos_order SET fynlo_version = fynlo_version + 1
                WHERE id = %s AND fynlo_version = %s AND state = 'draft'""",
            (order.row_id, order.version),
        )
        if not self.env.cr.rowcount:
            raise SerializationFailure(f"order {order.uuid} changed")
        order.version += 1
        env = self._lean_env(order, identity, facts)
        self._write_lines(order, env, facts)
        self._write_tip(order, env, facts)
        env["pos.order"].browse(order.row_id).write({**_changes(order, facts), **values})
        env.flush_all()
        self._link_combo_parts(order)

    def _write_lines(self, order, env, facts):
        fresh = []
        for line in order.lines:
            for leaf in [line, *line.parts]:
                if leaf.row_id and leaf.dirty:
                    taxes = {"tax_ids": [Command.set(leaf.tax_ids)]} if leaf.retaxed else {}
                    env["pos.order.line"].browse(leaf.row_id).write({**_line_amounts(leaf, facts), **taxes})
            if not line.row_id:
                fresh += [
                    {**values, "order_id": order.row_id, "company_id": facts.company_id}
                    for values in self._line_rows(line, order, facts)
                ]
        if fresh:
            env["pos.order.line"].create(fresh)

    def _write_tip(self, order, env, facts):
        """The tip is a line of the location's tip product, so that closing books it apart from sales."""
        amount = to_major(order.tip, facts.digits)
        values = {"price_unit": amount, "price_subtotal": amount, "price_subtotal_incl": amount}
        if order.tip_row_id:
            env["pos.order.line"].browse(order.tip_row_id).write(values)
        elif order.tip:
            line = {
                **facts.line_defaults,
                **values,
                "order_id": order.row_id,
                "company_id": facts.company_id,
                "name": order.number,
                "uuid": uuid7(),
                "product_id": facts.tip_product_id,
                "full_product_name": "Tip",
                "qty": 1.0,
            }
            order.tip_row_id = env["pos.order.line"].create([line]).id

    def _line_rows(self, line, order, facts):
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
                "fynlo_catalogue_version": part.catalogue_version,
                "tax_ids": [Command.set([] if part.parts else part.tax_ids)],
                **_line_amounts(part, facts),
            }

    def _link_combo_parts(self, order):
        """Tie fresh parts to their combo; their ids are known only now."""
        pairs = [(part.uuid, line.uuid) for line in order.lines if not line.row_id for part in line.parts]
        if pairs:
            self.env.cr.execute(
                """UPDATE pos_order_line part SET combo_parent_id = parent.id
                     FROM unnest(%s, %s) AS pair(part, parent)
                     JOIN pos_order_line parent ON parent.uuid = pair.parent
                    WHERE part.uuid = pair.part""",
                ([pair[0] for pair in pairs], [pair[1] for pair in pairs]),
            )
            self.env["pos.order.line"].invalidate_model(["combo_parent_id", "combo_line_ids"], flush=False)

    def _lean_env(self, order, identity, facts):
        """An environment of the employee, with rights, whose cache holds the location's constants."""
        env = self.env(user=identity.user_id, su=True, context={**self.env.context, **QUIET})
        seeds = [
            *facts.seeds,
            ("pos.session", order.session_id, {"config_id": facts.location_id, "company_id": facts.company_id}),
        ]
        if order.row_id:
            seeds.append(("pos.order", order.row_id, _cached_order(order, facts)))
        for model, record_id, values in seeds:
            record = env[model].browse(record_id)
            for name, value in values.items():
                record._fields[name]._update_cache(record, value)
        return env


def _constants(identity, facts):
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


def _header(order, facts):
    """The columns that only an edit of the order's head changes."""
    preset = facts.preset(order.preset_id)
    return {
        "preset_id": order.preset_id,
        "fiscal_position_id": preset.fiscal_position_id if preset else None,
        "table_id": order.table_id,
        "customer_count": order.guests,
        "partner_id": order.customer_id,
        "general_customer_note": order.note,
    }


def _changes(order, facts):
    """The columns to update. A column that is given unchanged would have Odoo compute what depends on it."""
    header = {name: value for name, value in _header(order, facts).items() if order.stored_header.get(name) != value}
    return {**header, **_amounts(order, facts)}


def _amounts(order, facts):
    """The columns that follow from the order's lines and payments."""
    return {
        "amount_tax": to_major(order.tax, facts.digits),
        "amount_total": to_major(order.total + order.tip, facts.digits),
        "amount_paid": to_major(order.paid, facts.digits),
        "amount_return": to_major(order.change, facts.digits),
        "amount_difference": to_major(order.paid - order.total - order.tip, facts.digits),
        "is_tipped": order.tip > 0,
        "tip_amount": to_major(order.tip, facts.digits),
        "fynlo_fulfilment": order.fulfilment,
        "fynlo_payment_state": order.payment,
        "fynlo_stamps": order.stamps,
        "fynlo_courses": order.courses,
        "fynlo_discounts": [discount.stored() for discount in order.discounts],
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
    }


def _cached_order(order, facts):
    """What an update may look at, so that it need not be fetched.

    Only open orders are updated. The state must be the stored one: the ORM writes no column whose
    cached value it believes unchanged.
    """
    return {
        "state": "draft",
        "session_id": order.session_id,
        "config_id": facts.location_id,
        "company_id": facts.company_id,
        "name": order.number,
        "self_ordering_table_id": None,
        "employee_id": None,
        "account_move": None,
        "nb_print": 0,
        "has_deleted_line": False,
    }


def _decimal(number):
    """A quantity column (a float of at most three decimals) as the decimal it stands for."""
    return Decimal(repr(round(number or 0.0, 3))).normalize()


def _order_of(row, line_rows, payments, facts):
    digits = facts.digits
    tips = [line for line in line_rows if line["product_id"] == facts.tip_product_id]
    line_rows = [line for line in line_rows if line["product_id"] != facts.tip_product_id]
    tip = sum(to_minor(line["price_subtotal_incl"], digits) for line in tips)
    total, tax = to_minor(row["amount_total"], digits) - tip, to_minor(row["amount_tax"], digits)
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
        lines=_lines_of(line_rows, facts),
        discounts=[AppliedDiscount.from_stored(values) for values in row["fynlo_discounts"] or []],
        price_drift=row["fynlo_price_drift"],
        stamps=row["fynlo_stamps"] or {},
        courses=row["fynlo_courses"] or {},
        late_arrival=bool(row["fynlo_late_arrival"]),
        tip=tip,
        tip_row_id=tips[0]["id"] if tips else None,
        paid=to_minor(row["amount_paid"], digits),
        change=to_minor(row["amount_return"], digits),
        payments=payments,
        net=total - tax,
        tax=tax,
        total=total,
    )
    order.discount = sum(line.discount for line in order.active_lines)
    order.stored_header = _header(order, facts)
    return order


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
        choice_uuid=row["fynlo_choice_uuid"],
        combo_item_id=row["combo_item_id"],
        note=row["customer_note"] or "",
        course=row["fynlo_course"] or 1,
        seat=row["fynlo_seat"] or None,
        state=row["fynlo_state"],
        sent_quantity=_decimal(row["fynlo_sent_quantity"]),
        void=void,
        row_id=row["id"],
        dirty=False,
        discount=row["fynlo_discount"] or 0,
        discount_percent=float(row["discount"] or 0),
        net=net,
        tax=total - net,
        total=total,
        taxes=tuple(tuple(tax) for tax in row["fynlo_taxes"] or ()),
    )

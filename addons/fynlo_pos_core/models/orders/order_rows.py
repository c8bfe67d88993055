"""Writing orders: few statements, none for what the facts know.

Writes go through the ORM (every override and constraint applies) with all stored values given and
the location's constants already in the cache. ``docs/architecture.md`` has the path of an order.
"""

from odoo import api, models
from odoo.fields import Command
from psycopg2.errors import SerializationFailure

from ...rest.prepared_statement import PreparedStatement
from ...tools.identifiers import uuid7
from ...tools.money import to_major
from .order_header import order_header
from .pos_order import GIVEN

QUIET = {
    "tracking_disable": True,
    "mail_notrack": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_auto_subscribe_no_notify": True,
    GIVEN: True,
}

NEXT_VERSION = PreparedStatement(
    """UPDATE pos_order SET fynlo_version = fynlo_version + 1
        WHERE id = %(order)s AND fynlo_version = %(version)s AND state = 'draft'"""
)


class FynloOrderRows(models.AbstractModel):
    _inherit = "fynlo.order.rows"

    @api.model
    def _insert(self, order, identity, facts, **values):
        """Write a new order with its fresh lines in one ORM create. ``values`` are more columns of its row."""
        env = self._lean_env(order, identity, facts)
        values = {
            **values,
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
            "lines": [
                *(
                    Command.create(values)
                    for line in order.lines
                    if not line.row_id
                    for values in self._line_rows(line, order, facts)
                ),
                *(Command.create(values) for values in self._extra_rows(order, facts)),
            ],
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
        NEXT_VERSION.execute(self.env.cr, order=order.row_id, version=order.version)
        if not self.env.cr.rowcount:
            raise SerializationFailure(f"order {order.uuid} changed")
        order.version += 1
        if order.shares:
            order.shares.level(order.due)
        env = self._lean_env(order, identity, facts)
        self._write_lines(order, env, facts)
        self._write_extras(order, env, facts)
        env["pos.order"].browse(order.row_id).write({**_changes(order, facts), **values})
        env.flush_all()
        self._link_combo_parts(order)

    def _write_lines(self, order, env, facts):
        self._write_changed_lines(order, env, facts)
        fresh = []
        for line in order.lines:
            if not line.row_id:
                fresh += [
                    {**values, "order_id": order.row_id, "company_id": facts.company_id}
                    for values in self._line_rows(line, order, facts)
                ]
        if fresh:
            env["pos.order.line"].create(fresh)

    def _write_changed_lines(self, order, env, facts):
        for line in order.lines:
            for leaf in [line, *line.parts]:
                if leaf.row_id and leaf.dirty:
                    taxes = {"tax_ids": [Command.set(leaf.tax_ids)]} if leaf.retaxed else {}
                    env["pos.order.line"].browse(leaf.row_id).write({**_line_amounts(leaf, facts), **taxes})

    def _write_extras(self, order, env, facts):
        """The tip and the service charge are lines of products of their own, so that closing books them apart."""
        fresh = [values for values in self._extra_rows(order, facts) if not values.get("id")]
        for values in self._extra_rows(order, facts):
            if values.get("id"):
                env["pos.order.line"].browse(values.pop("id")).write(values)
        if fresh:
            env["pos.order.line"].create([{**values, "order_id": order.row_id} for values in fresh])

    def _extra_rows(self, order, facts):
        """The rows of tip and service charge: with ``id`` what an existing one becomes, else a whole new row."""
        if order.tip or order.tip_row_id:
            amount = to_major(order.tip, facts.digits)
            amounts = {"price_unit": amount, "price_subtotal": amount, "price_subtotal_incl": amount}
            yield _extra_row(order, facts, order.tip_row_id, facts.tip_product_id, "Tip", (), amounts)
        service, rule = order.service, facts.service_charge
        if rule and service and (service.total or service.row_id):
            amounts = {
                "price_unit": to_major(service.total if _included(rule, facts) else service.net, facts.digits),
                "price_subtotal": to_major(service.net, facts.digits),
                "price_subtotal_incl": to_major(service.total, facts.digits),
            }
            yield _extra_row(order, facts, service.row_id, rule.product_id, rule.name, rule.tax_ids, amounts)

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
                "fynlo_halves": part.halves,
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


def _changes(order, facts):
    """The columns to update. A column that is given unchanged would have Odoo compute what depends on it."""
    header = {
        name: value for name, value in order_header(order, facts).items() if order.stored_header.get(name) != value
    }
    return {**header, **_amounts(order, facts)}


def _amounts(order, facts):
    """The columns that follow from the order's lines and payments."""
    return {
        "amount_tax": to_major(order.tax, facts.digits),
        "amount_total": to_major(order.total + order.tip, facts.digits),
        "amount_paid": to_major(order.paid, facts.digits),
        "amount_return": to_major(order.change, facts.digits),
        "amount_difference": to_major(order.paid - order.total - order.tip, facts.digits),
        "fynlo_rounding": order.rounding,
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
        "tax_ids": [Command.set(tax_ids)],
    }


def _included(rule, facts):
    """Whether the taxes of the service charge lie in its price."""
    return all(facts.taxes[tax_id].included for tax_id in rule.tax_ids if tax_id in facts.taxes)


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

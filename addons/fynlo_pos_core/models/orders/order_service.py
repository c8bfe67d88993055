"""The order service: the only way in which tills make, change and finish orders.

Every method runs inside one transaction of ``rest/transaction.py`` and may be run again from the
start; none has an effect outside the database. The caller has checked the route's permission.
"""

from datetime import timedelta

from odoo import api, models

from ...engine.basket import LINES_MAX, Basket, check_discount_limit
from ...engine.order import LATE_AFTER, Order, ServiceCharge
from ...engine.order_document import order_document
from ...engine.pricing import price_order
from ...rest import Invalid, Problem, closing_statements, declare, paging
from ...rest.prepared_statement import PreparedStatement
from ...tools import clock
from ...tools.money import to_minor
from ...tools.tax_mirror import TaxedAmount
from ..system.transition import require_transition
from .order_states import ORDER_STATES, PAYMENT_AXIS_STATES, payment_of_completed, payment_of_open
from .pos_order import STATES

#: A till whose clock runs further ahead than this is not believed.
CLOCK_SKEW = timedelta(minutes=5)
OLDEST = timedelta(days=31)

OPEN_PLACES = PreparedStatement(
    """WITH device AS (
           UPDATE fynlo_device SET next_number = next_number + %(count)s WHERE id = %(device)s
           RETURNING number_prefix, next_number - %(count)s AS number),
       session AS (
           SELECT id FROM pos_session
            WHERE config_id = %(location)s AND state = 'opened' AND NOT coalesce(rescue, false)
              FOR SHARE)
       SELECT (SELECT id FROM session LIMIT 1), device.number_prefix, device.number,
              EXISTS (SELECT 1 FROM pos_order WHERE uuid = ANY(%(orders)s))
              OR EXISTS (SELECT 1 FROM pos_order_line WHERE uuid = ANY(%(lines)s))
         FROM device"""
)
KEEP_COSTS = PreparedStatement(
    """UPDATE pos_order_line line
          SET total_cost = line.qty * coalesce((variant.standard_price ->> %(company)s)::numeric, 0),
              is_total_cost_computed = TRUE
         FROM product_product variant
        WHERE line.order_id = %(order)s AND variant.id = line.product_id AND NOT (variant.id = ANY(%(later)s))""",
    company="text",
)

declare(
    "no_open_session",
    409,
    "No open till session",
    "The location's till session is not open.",
    "Open the till session with its float, then send the order again.",
)
declare(
    "id_taken",
    409,
    "Id already used",
    "An order or a line with this id exists.",
    "If it is a retry, read the order by its id; otherwise choose a new id.",
)
declare(
    "order_too_old",
    422,
    "Order too old",
    "The order was made more than 31 days ago by the till's clock.",
    "Correct the till's clock; hand an order that is really so old to a manager.",
)
declare(
    "device_required",
    403,
    "Paired device required",
    "Orders are made on a paired device.",
    "Pair the device and sign in by PIN.",
)
declare(
    "amount_due",
    409,
    "Not fully paid",
    "The order still has an amount due.",
    "Take the payment, then complete the order.",
)


#: By the name of a state on the wire. Spelt out, as one plan for all states would take the rare ones for frequent.
IN_STATE = {
    name: "AND o.state IN ({})".format(", ".join(f"'{state}'" for state, known in STATES.items() if known == name))
    for name in STATES.values()
}
FILTERS = {
    "after": "AND o.id < %(after)s",
    "business_date": "AND o.fynlo_business_date = %(business_date)s",
    "table": "AND o.table_id = %(table)s",
    "number": "AND o.fynlo_number = %(number)s",
    "tab": "AND (o.fynlo_tab_name IS NOT NULL) = %(tab)s",
    "server": "AND coalesce(server.fynlo_uuid, employee.fynlo_uuid) = %(server)s",
}


class FynloOrderService(models.AbstractModel):
    _name = "fynlo.order.service"
    _description = "Order service"

    @api.model
    def _facts(self, identity):
        return self.env["fynlo.location.facts"]._of(identity.location_id, identity.catalogue_version)

    # --- what tills ask for --------------------------------------------------------------

    @api.model
    def _calculate(self, identity, wish):
        """The document an order would have, without writing anything."""
        facts = self._facts(identity)
        order = self._priced(wish, identity, facts)
        return order_document(order, facts)

    @api.model
    def _create_order(self, identity, wish):
        """Make the order and announce it. Raises ``no_open_session``, ``id_taken``, ``device_required``."""
        if not identity.device_id:
            raise Problem("device_required", self.env._("Orders are made on a paired device."))
        facts = self._facts(identity)
        order = self._priced(wish, identity, facts)
        order.session_id, (order.number,) = self._open_places(identity, [wish.id], [line.id for line in wish.lines])
        self._hold_portions(order, facts)
        self.env["fynlo.order.rows"]._insert(order, identity, facts)
        return self._announce(order, facts, "order.created")

    @api.model
    def _complete(self, identity, uuid):
        """Close a fully paid order. Doing it again answers ``illegal_transition``."""
        facts = self._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(uuid, facts)
        return self._complete_locked(identity, order, facts)

    @api.model
    def _payment_registered(self, identity, order, facts, *, complete):
        """Write an order whose ``paid`` has just grown; close it too when asked. Returns its document."""
        self._follow_payment(order, payment_of_open(order))
        if complete:
            return self._complete_locked(identity, order, facts)
        self.env["fynlo.order.rows"]._update(order, identity, facts)
        return self._announce(order, facts, "order.updated")

    @api.model
    def _complete_locked(self, identity, order, facts):
        """Complete an order that the caller has locked and brought up to date."""
        require_transition(self.env, ORDER_STATES, order.state, "completed")
        if order.due:
            raise Problem(
                "amount_due",
                self.env._("The order is not fully paid."),
                due={"amount": order.due, "currency": facts.currency},
            )
        order.refuse_while_reserved()
        order.state = "completed"
        self._follow_payment(order, payment_of_completed(order))
        self.env["fynlo.order.rows"]._update(order, identity, facts, state="paid")
        self._keep_costs(order, facts)
        return self._announce(order, facts, "order.completed")

    @api.model
    def _document(self, identity, uuid):
        facts = self._facts(identity)
        return order_document(self.env["fynlo.order.rows"]._read_one(uuid, facts), facts)

    @api.model
    def _page(self, identity, query):
        """A page of the location's orders, the newest first."""
        facts = self._facts(identity)
        where, values = _filters(query, facts)
        rows = self.env["fynlo.order.rows"]._read_page(facts, where, values, query.limit + 1)
        return paging.page(rows, query.limit, lambda order: order_document(order, facts), lambda order: [order.row_id])

    @api.model
    def _announce(self, order, facts, event):
        """The order's document, and an event with it when this transaction commits."""
        order.updated_at = self.env.cr.now() if order.row_id else order.updated_at
        document = order_document(order, facts)
        topic = f"l.{facts.location_uuid}.orders"
        self.env["fynlo.outbox"]._emit(facts.company_id, topic, event, order.uuid, document)
        return document

    # --- steps ---------------------------------------------------------------------------

    def _follow_payment(self, order, target):
        """Move the payment axis, which only ever goes the ways of its table."""
        if target != order.payment:
            require_transition(self.env, PAYMENT_AXIS_STATES, order.payment, target)
            order.payment = target

    def _priced(self, wish, identity, facts):
        """An order in memory from what the till asked for, priced."""
        preset = self._known(facts.presets, wish.preset_id, "preset_id")
        table = self._known(facts.tables, wish.table_id, "table_id")
        _check_ids(wish)
        now = self.env.cr.now()
        made_at = self._made_at(wish, now)
        late = now - made_at > LATE_AFTER
        basket = Basket(facts, identity, preset, made_at, served=late)
        order = Order(
            uuid=str(wish.id),
            number=None,
            preset_id=preset.id if preset else None,
            business_date=clock.business_date(made_at, facts.time_zone, facts.day_start),
            client_created_at=made_at,
            created_at=now,
            updated_at=now,
            created_by={"id": identity.employee_uuid, "name": identity.employee_name},
            device_uuid=identity.device_uuid,
            catalogue_version=wish.catalogue_version or facts.version,
            table_id=table.id if table else None,
            table={"id": table.uuid, "name": table.name} if table else None,
            guests=wish.guests,
            note=wish.note,
            tab_name=wish.tab_name or "",
            late_arrival=late,
        )
        order.lines = [basket.line(line, f"lines[{i}]") for i, line in enumerate(wish.lines)]
        for index, discount in enumerate(wish.discounts):
            given = basket.discount(discount, f"discounts[{index}]", order.lines, order.discounts)
            order.discounts.append(given)
        if facts.service_charge and (preset is None or preset.kind == "eat_in"):
            order.service = ServiceCharge(facts.service_charge.rate_bp)
        price_order(order, facts, self._odoo_taxes(facts))
        if order.discounts:
            check_discount_limit(order, facts, identity)
        expected = self._expected_total(wish, facts)
        if expected is not None and expected != order.total:
            order.price_drift = {"expected": expected, "actual": order.total}
        return order

    def _known(self, things, uuid, field):
        if uuid is None:
            return None
        thing = things.get(str(uuid))
        if thing is None:
            raise Invalid(self.env._("This location has no such thing."), code="unknown_item", field=field)
        return thing

    def _made_at(self, wish, now):
        """When the till made the order, as far as its clock can be believed."""
        made_at = clock.naive_utc(wish.client_created_at) if wish.client_created_at else now
        if made_at < now - OLDEST:
            raise Invalid(
                self.env._("An order cannot be more than 31 days old."), code="order_too_old", field="client_created_at"
            )
        return (now if made_at > now + CLOCK_SKEW else made_at).replace(microsecond=0)

    def _expected_total(self, wish, facts):
        if wish.expected_total is None:
            return None
        if wish.expected_total.currency != facts.currency:
            raise Invalid(self.env._("This location trades in %s.", facts.currency), field="expected_total.currency")
        return wish.expected_total.amount

    def _open_places(self, identity, order_ids, line_ids):
        """The open session, held open until commit, and the device's next number for each of the new orders.

        One statement: it also refuses ids that are taken before anything is written.
        """
        OPEN_PLACES.execute(
            self.env.cr,
            device=identity.device_id,
            location=identity.location_id,
            count=len(order_ids),
            orders=[str(order_id) for order_id in order_ids],
            lines=[str(line_id) for line_id in line_ids],
        )
        session_id, prefix, first, taken = self.env.cr.fetchone()
        if taken:
            raise Problem("id_taken", self.env._("An order or a line with this id exists already."))
        if not session_id:
            raise Problem("no_open_session", self.env._("The till session of this location is not open."))
        return session_id, [f"{prefix}-{first + place:06d}" for place in range(len(order_ids))]

    def _keep_costs(self, order, facts):
        """What the goods cost, at the standard price of this moment; written when the cursor is flushed.

        As Odoo does it when stock moves at closing; goods valued by FIFO or average cost get
        their cost there.
        """
        closing_statements.add(
            self.env.cr,
            KEEP_COSTS,
            company=str(facts.company_id),
            order=order.row_id,
            later=list(facts.costed_at_closing),
        )
        self.env["pos.order.line"].invalidate_model(["total_cost", "is_total_cost_computed"], flush=False)

    def _odoo_taxes(self, facts):
        """Prices a line whose taxes only Odoo's own engine knows."""

        def taxed(price, quantity, discount, tax_ids):
            taxes = self.env["account.tax"].sudo().browse(tax_ids)
            currency = self.env["res.currency"].browse(facts.currency_id)
            result = taxes.compute_all(price * (1 - (discount / 100.0)), currency, quantity)
            by_tax = {}
            for tax in result["taxes"]:
                by_tax[tax["id"]] = by_tax.get(tax["id"], 0) + to_minor(tax["amount"], facts.digits)
            return TaxedAmount(
                to_minor(result["total_excluded"], facts.digits),
                to_minor(result["total_included"], facts.digits),
                tuple((self.env["fynlo.location.facts"]._rule_of(tax_id), amount) for tax_id, amount in by_tax.items()),
            )

        return taxed


def _filters(query, facts):
    """The list's filters as SQL conditions and their values."""
    wanted = {
        "after": query.cursor and paging.decode(query.cursor, int)[0],
        "business_date": query.business_date,
        "table": query.table_id and getattr(facts.tables.get(str(query.table_id)), "id", 0),
        "number": query.number,
        "tab": query.tab,
        "server": query.server_id and str(query.server_id),
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    conditions = [FILTERS[name] for name in given]
    if query.state:
        conditions.append(IN_STATE[query.state])
    return " ".join(conditions), given


def _check_ids(wish):
    """Lines and discounts each have an id of their own."""
    for name in ("lines", "discounts"):
        ids = [item.id for item in getattr(wish, name)]
        if len(set(ids)) != len(ids):
            raise Invalid("Each one needs an id of its own.", field=name)
    if len(wish.lines) > LINES_MAX:
        raise Invalid(f"An order has at most {LINES_MAX} lines.", code="too_many_lines", field="lines")

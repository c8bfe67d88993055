"""Edits of an order: what each operation does, and when it is refused.

Quantities change by a difference and lines are added by their own ids, so those edits of several
tills add up in any order; fields with one value are reconciled by ``stamps``. A handler checks
everything before it changes anything: a refused operation leaves the order as it was.
"""

from copy import deepcopy
from dataclasses import fields, replace
from decimal import Decimal

from ..rest import Problem, declare
from ..tools.clock import wire
from ..tools.identifiers import uuid7
from . import stamps
from .allowance import Allowance
from .basket import LINES_MAX, QUANTITY_MAX, over_discount_limit
from .course_edits import CourseEdits
from .edit_result import Act, Result
from .facts import quantity_text
from .kitchen import Known
from .order import LATE_AFTER, AppliedDiscount
from .pricing import price_order
from .tips import check_tip

declare(
    "line_gone",
    409,
    "Line is gone",
    "The line was voided or never existed.",
    "Refresh the order and show what is left.",
)
declare(
    "line_sent",
    409,
    "Already sent to the kitchen",
    "What the kitchen has may only be taken off by voiding it.",
    "Void the line with a reason.",
)
declare(
    "quantity_below_zero",
    409,
    "Less than nothing",
    "The quantity would fall below zero; another till has taken some off.",
    "Refresh the order and show the quantity that is left.",
)
declare(
    "paid_exceeds_total",
    409,
    "More paid than it would cost",
    "The edit would make the order cost less than has been paid.",
    "Give the difference back first, or leave the order as it is.",
)
declare(
    "too_many_operations",
    422,
    "Too many operations",
    "The batch holds more operations than one request takes.",
    "Send them in several batches, in order.",
)
declare("order_closed", 409, "Order is closed", "A completed or cancelled order does not change.", "Begin a new order.")

#: Operation → permission. What needs more (a discount's own, voiding what was sent, comps) is checked in the handler.
PERMISSIONS = {"set_tip": "payment.take"}
DEFAULT_PERMISSION = "order.edit"
COMP_BP = 10_000
OPERATIONS_MAX = 200


class Editor(CourseEdits):
    """Applies one till's operations to an order in memory."""

    def __init__(
        self, order, facts, identity, basket, now, *, base_version, odoo_taxes, customers=None, allowance=None
    ):
        self.order, self.facts, self.identity, self.basket, self.now = order, facts, identity, basket, now
        self.base_version, self.odoo_taxes = base_version, odoo_taxes
        self.customers = customers or {}
        #: What there is of counted things on the order, see ``portions.py``; ``None`` when it names none.
        self.portions = None
        self.allowance = allowance or Allowance(identity, facts.approval_policies, facts.currency)
        self.acts = []
        self.changed = False
        #: What the kitchen knew before the edits.
        self.kitchen_knew = Known.of(order)

    def apply(self, op):
        """The :class:`Result` of ``op``; the order has changed only if it says so."""
        before = deepcopy(self.order) if self.order.paid or self.order.reserved or self.portions else None
        self.basket.served = bool(op.moment) and self.now - op.moment > LATE_AFTER
        taken, acted = len(self.allowance.used), len(self.acts)
        try:
            if self.order.state != "open":
                raise Problem("order_closed", f"The order is {self.order.state}.")
            self.identity.require(PERMISSIONS.get(op.type, DEFAULT_PERMISSION))
            verdict = getattr(self, f"_{op.type}")(op) or stamps.APPLIED
            if self.order.paid or self.order.reserved:
                self._guard_money(before)
            if self.portions:
                self.portions.hold(self.order, served=self.basket.served)
        except Problem as problem:
            if before:
                self._restore(before)
            del self.allowance.used[taken:], self.acts[acted:]
            missing = problem.members.get("approval")
            return Result(str(op.op_id), "rejected", problem.code, str(problem.args[0]), approval=missing)
        self.changed |= verdict.result != "superseded"
        return Result(str(op.op_id), verdict.result, conflict=verdict.conflict, other_device=verdict.other_device)

    def _guard_money(self, before):
        """Money that was taken stays covered by the bill, and what is being paid now stays as it was asked for."""
        order = price_order(self.order, self.facts, self.odoo_taxes)
        if order.total + order.tip != before.total + before.tip:
            order.refuse_while_reserved()
        if order.paid - order.refunded > order.charged:
            raise Problem("paid_exceeds_total", "More has been paid than the order would then cost.")

    def _restore(self, before):
        for field in fields(before):
            setattr(self.order, field.name, getattr(before, field.name))

    # --- lines ---------------------------------------------------------------------------

    def _add_line(self, op):
        if self.order.line(str(op.line.id)):
            raise Problem("id_taken", "The order has a line with this id.")
        if len(self.order.lines) >= LINES_MAX:
            raise Problem("too_many_lines", f"An order has at most {LINES_MAX} lines.")
        self.order.lines.append(self.basket.line(op.line, "line"))

    def _change_quantity(self, op):
        line = self._line(op.line_id)
        quantity = line.quantity + op.delta
        if quantity < 0:
            raise Problem("quantity_below_zero", f"There are {quantity_text(line.quantity)} of {line.name}.")
        if quantity > QUANTITY_MAX:
            raise Problem("invalid_quantity", f"A quantity lies above 0 and up to {QUANTITY_MAX}.")
        if op.delta < 0 and quantity < line.sent_quantity:
            raise Problem("line_sent", f"The kitchen has {quantity_text(line.sent_quantity)} of {line.name}.")
        if quantity == 0:
            self._mark_void(line, reason="removed")
        else:
            self._set_quantity(line, quantity)

    def _set_modifiers(self, op):
        line = self._line(op.line_id)
        changed = self.basket.rechosen(line, op.modifiers, "modifiers")
        now, new = _modifiers(line), _modifiers(changed)

        def write():
            line.modifiers, line.unit_price, line.dirty = changed.modifiers, changed.unit_price, True

        return self._set(f"lines.{line.uuid}.modifiers", op, now, new, write)

    def _set_note(self, op):
        if op.line_id is None:
            return self._set_order_field("note", op, op.note)
        return self._set_line_field(self._line(op.line_id), "note", op, op.note)

    def _set_course(self, op):
        line = self._line(op.line_id)
        if line.sent_quantity:
            raise Problem("line_sent", f"{line.name} has been sent.")
        return self._set_line_field(line, "course", op, op.course)

    def _move_line(self, op):
        return self._set_line_field(self._line(op.line_id), "seat", op, op.seat)

    def _void_line(self, op):
        """Take off all or part of a line. What the kitchen has needs the permission, or an approval."""
        line = self._line(op.line_id)
        quantity = op.quantity if op.quantity is not None else line.quantity
        if not 0 < quantity <= line.quantity:
            raise Problem("quantity_below_zero", f"There are {quantity_text(line.quantity)} of {line.name}.")
        unsent = line.quantity - line.sent_quantity
        approver = self._allow_void(line, quantity, op) if quantity > unsent else None
        if quantity == line.quantity:
            self._mark_void(line, reason=op.reason, approver=approver)
            gone = line
        else:
            gone = self._split_void(line, quantity, op.reason, approver)
        if not op.restock:
            self._waste(gone, max(quantity - unsent, Decimal(0)))

    def _comp_line(self, op):
        """Give a line away: it stays on the bill at no charge, with its reason."""
        line = self._line(op.line_id)
        if any(
            d.line_uuid == line.uuid and d.kind == "percent" and d.value_bp == COMP_BP for d in self.order.discounts
        ):
            return
        self._allow("order.comp", line.uuid, line.total, op)
        self.order.discounts.append(
            AppliedDiscount(
                uuid=str(op.op_id),
                discount_uuid=None,
                name="Comp",
                kind="percent",
                value_bp=COMP_BP,
                value=0,
                line_uuid=line.uuid,
                reason=op.reason,
                by=self.identity.employee_uuid,
            )
        )

    # --- the order -----------------------------------------------------------------------

    def _set_table(self, op):
        table = self._known(self.facts.tables, op.table_id)

        def write():
            self.order.table_id = table.id if table else None
            self.order.table = {"id": table.uuid, "name": table.name} if table else None

        now = self.order.table and self.order.table["id"]
        return self._set("table", op, now, table and table.uuid, write)

    def _set_guests(self, op):
        def write():
            self.order.guests = op.guests
            if self.order.service:
                self.order.service.party = None  # from now on these guests decide

        return self._set("guests", op, self.order.guests, op.guests, write)

    def _set_tab_name(self, op):
        return self._set_order_field("tab_name", op, op.tab_name or "")

    def _set_customer(self, op):
        customer = self._known(self.customers, op.customer_id)

        def write():
            self.order.customer_id = customer["row_id"] if customer else None
            self.order.customer = {"id": customer["id"], "name": customer["name"]} if customer else None

        now = self.order.customer and self.order.customer["id"]
        return self._set("customer", op, now, customer and customer["id"], write)

    def _set_preset(self, op):
        """Another way of serving: the taxes of every line follow it."""
        preset = self._known(self.facts.presets, op.preset_id)
        current = self.facts.preset(self.order.preset_id)

        def write():
            self.order.preset_id = preset.id if preset else None
            self.basket.preset = preset
            for line in self.order.active_lines:
                self._retax(line, preset)

        return self._set("preset", op, current and current.uuid, preset and preset.uuid, write)

    def _apply_discount(self, op):
        if any(discount.uuid == str(op.discount.id) for discount in self.order.discounts):
            raise Problem("id_taken", "The order has a discount with this id.")
        if op.discount.line_id:
            self._line(op.discount.line_id)
        given = self.order.discounts
        self.order.discounts = [*given, self.basket.discount(op.discount, "discount", self.order.active_lines, given)]
        try:
            self._check_discounts(price_order(self.order, self.facts, self.odoo_taxes), op)
        except Problem:
            self.order.discounts = given
            price_order(self.order, self.facts, self.odoo_taxes)
            raise

    def _remove_discount(self, op):
        kept = [discount for discount in self.order.discounts if discount.uuid != str(op.discount_ref)]
        if len(kept) == len(self.order.discounts):
            raise Problem("unknown_item", "The order has no such discount.")
        self.order.discounts = kept

    def _decline_service_charge(self, op):
        """The guest does not pay the service charge."""
        if self.order.service is None:
            raise Problem("unknown_item", "The order has no service charge.")
        declined = {"reason": op.reason, "by": self._by(), "at": wire(self.now)}
        return self._set_service(op, declined)

    def _restore_service_charge(self, op):
        if self.order.service is None:
            raise Problem("unknown_item", "The order has no service charge.")
        return self._set_service(op, None)

    def _set_service(self, op, declined):
        def write():
            self.order.service.declined = declined

        return self._set("service_charge", op, self.order.service.declined is None, declined is None, write)

    def _set_tip(self, op):
        check_tip(price_order(self.order, self.facts, self.odoo_taxes), op.tip, self.facts)
        return self._set_order_field("tip", op, op.tip.amount)

    # --- steps ---------------------------------------------------------------------------

    def _line(self, uuid):
        line = self.order.line(str(uuid))
        if line is None or not line.active:
            raise Problem("line_gone", "The line was voided or never existed.")
        return line

    def _known(self, things, uuid):
        if uuid is None:
            return None
        thing = things.get(str(uuid))
        if thing is None:
            raise Problem("unknown_item", "This location has no such thing.")
        return thing

    def _allow(self, action, resource_id, amount, op, reason=None):
        """The approver's name when somebody else allowed it, ``None`` when the employee may do it alone."""
        approver = self.allowance.check(action, resource_id, amount, op.approval_id)
        self.acts.append(Act(action, resource_id, amount, op.reason if reason is None else reason, approver))
        return approver

    def _allow_void(self, line, quantity, op):
        """What is voided of a sent line counts with its share of the line's price, rounded up."""
        amount = -int(-line.total * quantity // line.quantity)
        return self._allow("order.void", line.uuid, amount, op)

    def _check_discounts(self, order, op):
        given = over_discount_limit(order, self.facts)
        if given:
            self._allow("discount.override", order.uuid, given, op, op.discount.reason)

    def _set_order_field(self, name, op, value):
        return self._set(name, op, getattr(self.order, name), value, lambda: setattr(self.order, name, value))

    def _set_line_field(self, line, name, op, value):
        def write():
            setattr(line, name, value)
            line.dirty = True

        return self._set(f"lines.{line.uuid}.{name}", op, getattr(line, name), value, write)

    def _set(self, field, op, shown_now, shown_new, write):
        """Write a field with one value, unless a concurrent edit of another till comes after this one."""
        edit = stamps.Edit(
            op_id=str(op.op_id),
            made_at=stamps.made_at(op.moment, self.now),
            base_version=self.base_version,
            device=self.identity.device_uuid,
            by=self._by(),
            seq=op.device_seq,
        )
        stamp = self.order.stamps.get(field)
        verdict = stamps.judge(stamp, edit, field, shown_now, shown_new)
        if edit.follows(stamp):
            write()
            self.order.stamps[field] = stamps.stamp_of(edit, self.order.version + 1)
        return verdict

    def _by(self):
        return {"id": self.identity.employee_uuid, "name": self.identity.employee_name}

    def _set_quantity(self, line, quantity):
        for leaf in {id(leaf): leaf for leaf in [line, *line.parts]}.values():
            leaf.quantity, leaf.dirty = quantity, True

    def _mark_void(self, line, *, reason, approver=None):
        void = {
            "quantity": quantity_text(line.quantity),
            "reason": reason,
            "by": self._by(),
            "at": wire(self.now),
            "approved_by": approver,
        }
        for leaf in [line, *line.parts]:
            leaf.state, leaf.void, leaf.dirty = "voided", void, True

    def _split_void(self, line, quantity, reason, approver):
        """The part that is taken off becomes a voided line of its own, which is returned; the rest stays."""
        gone = replace(line, uuid=uuid7(), row_id=None, quantity=quantity, sent_quantity=Decimal(0))
        gone.parts = [
            replace(part, uuid=uuid7(), row_id=None, quantity=quantity, sent_quantity=Decimal(0)) for part in line.parts
        ]
        self._mark_void(gone, reason=reason, approver=approver)
        self._set_quantity(line, line.quantity - quantity)
        line.sent_quantity = min(line.sent_quantity, line.quantity)
        self.order.lines.append(gone)
        return gone

    def _waste(self, line, quantity):
        for leaf in (line, *line.parts):
            leaf.wasted = quantity

    def _retax(self, line, preset):
        for leaf in line.leaves:
            variant = self.facts.variants.get(leaf.variant_uuid)
            if variant:
                leaf.tax_ids = self.facts.taxes_of(variant.taxes, preset)
                leaf.retaxed = leaf.dirty = True


def _modifiers(line):
    return [[modifier.uuid, modifier.quantity] for modifier in line.modifiers]

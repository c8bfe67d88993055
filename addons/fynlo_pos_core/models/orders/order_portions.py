"""What orders take of counted things and of stock, checked and written with the order itself."""

from decimal import Decimal

from odoo import api, models

from ...engine.portions import COUNT, Portions, held

#: The operations by which an order comes to hold more or less.
TAKING = {"add_line", "change_quantity", "set_modifiers", "void_line"}


class FynloOrderService(models.AbstractModel):
    _inherit = "fynlo.order.service"

    @api.model
    def _hold_portions(self, order, facts, *, before=None):
        """Take the portions of an order beyond what it held ``before``.

        Raises ``item_unavailable`` when there are too few.
        """
        portions = self._portions(order, facts, held(order, facts), before=before or {})
        if portions:
            portions.hold(order, served=order.late_arrival)
            self._keep_portions(order, portions)

    @api.model
    def _portions(self, order, facts, things, *, before):
        """The :class:`Portions` of an order that holds ``before`` and may come to hold ``things``.

        ``None`` when nothing of it is counted. Countdowns are locked until commit, and so is stock
        that must not run below nothing: always after the order's own row.
        """
        things = {*things, *before}
        if not things:
            return None
        counted = {thing for thing in things if thing.kind == COUNT}
        stocked = things - counted
        rows = self._locked_countdowns(counted)
        left = {thing: Decimal(rows[thing.row_id]["left"]) for thing in counted if thing.row_id in rows}
        if stocked:
            in_stock = self.env["fynlo.stock.room"]._left_for_order(facts, [t.row_id for t in stocked], order.row_id)
            left |= {thing: in_stock[thing.row_id] - before.get(thing, 0) for thing in stocked}
        return Portions(facts, before, left, rows)

    def _locked_countdowns(self, things):
        if not things:
            return {}
        return self.env["fynlo.availability"].sudo()._lock_countdowns([thing.row_id for thing in things])

    @api.model
    def _keep_portions(self, order, portions):
        """Write what the order has taken or given back since :meth:`_portions`."""
        order.shortages = portions.shortages()
        remaining = {thing: portions.left(thing) for thing in portions.changes() if thing.kind == COUNT}
        if remaining:
            self.env["fynlo.availability"].sudo()._keep_countdowns(portions.facts, portions.countdowns, remaining)

    @api.model
    def _editor(self, order, facts, identity, wish, now):
        """The editor, with what there is of the things that the order holds or the batch names."""
        editor = super()._editor(order, facts, identity, wish, now)
        if facts.uses and any(op.type in TAKING for op in wish.operations):
            things = {thing for uuid in _named(wish) for thing, _per in facts.uses.get(uuid, ())}
            editor.portions = self._portions(order, facts, things, before=held(order, facts))
        return editor

    @api.model
    def _keep_edits(self, order, facts, identity, editor):
        if editor.changed and editor.portions:
            self._keep_portions(order, editor.portions)
        return super()._keep_edits(order, facts, identity, editor)

    @api.model
    def _let_portions_go(self, order, facts):
        """Cancel an order that the caller has locked: what the kitchen does not have can be sold again."""
        before = held(order, facts)
        order.cancel()
        portions = self._portions(order, facts, (), before=before)
        if portions:
            portions.hold(order)
            self._keep_portions(order, portions)


def _named(wish):
    """The variants and modifiers that a batch names, by public id."""
    for op in wish.operations:
        line = getattr(op, "line", None)
        if line:
            yield str(line.variant_id)
            yield from (str(uuid) for uuid in line.halves or ())
            for part in line.combo:
                yield str(part.variant_id)
                yield from (str(modifier.modifier_id) for modifier in part.modifiers)
        yield from (str(modifier.modifier_id) for modifier in getattr(line or op, "modifiers", ()))

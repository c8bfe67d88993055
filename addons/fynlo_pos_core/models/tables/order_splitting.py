"""Splitting lines off an order: by item or by seat, into orders that are paid on their own."""

from odoo import api, models

from ...engine.bill_parting import Parting, PartWish, Portion
from ...engine.order_document import order_document
from ...rest import Invalid, NotFound, Problem
from ..orders.order_states import payment_of_open
from ..orders.row_values import changed_lines


class FynloOrderService(models.AbstractModel):
    _inherit = "fynlo.order.service"

    @api.model
    def _split(self, identity, uuid, wish):
        """Split an open order in the way that ``wish.by`` names; see ``docs/tables.md``.

        Answers the order, the new orders, and by how much they together differ from what it cost.
        Raises ``order_closed``, ``line_gone``, ``nothing_left``, ``paid_exceeds_total``,
        ``payment_in_progress``, ``id_taken``, ``no_open_session``, ``device_required``.
        """
        if wish.by in ("item", "seat"):
            return self._split_off(identity, uuid, wish)
        return self._share_bill(identity, uuid, wish)

    # --- steps ---------------------------------------------------------------------------

    def _split_off(self, identity, uuid, wish):
        facts = self._facts(identity)
        if not identity.device_id:
            raise Problem("device_required", self.env._("Orders are made on a paired device."))
        order_ids = [str(part.id) for part in wish.orders]
        earlier = self._split_earlier(uuid, order_ids, facts)
        if earlier:
            return earlier
        session_id, numbers = self._open_places(identity, order_ids, _new_line_ids(wish))
        order = self.env["fynlo.order.rows"]._lock(uuid, facts)
        self._check_splittable(order, session_id)
        order.refuse_while_reserved()
        before = order.total
        parting = Parting(order, facts, self.env.cr.now())
        parts = parting.part(self._part_wishes(order, wish), self._odoo_taxes(facts))
        if order.paid - order.refunded > order.charged:
            raise Problem("paid_exceeds_total", self.env._("More has been paid than the order would then cost."))
        for part, number in zip(parts, numbers, strict=True):
            part.order.number, part.order.device_uuid = number, identity.device_uuid
            part.order.created_by = {"id": identity.employee_uuid, "name": identity.employee_name}
        tickets = self._write_parts(identity, order, parts, facts)
        return self._announce_parts(order, parts, tickets, facts, before)

    def _split_earlier(self, uuid, order_ids, facts):
        """The answer to a split that was made before: its new orders exist and come from this one.

        ``None`` when they are new. Raises ``not_found`` for an order that is not of this location.
        """
        uuids = [str(uuid), *order_ids]
        found = self.env["fynlo.order.rows"]._read_page(
            facts, "AND o.uuid = ANY(%(orders)s)", {"orders": uuids}, len(uuids)
        )
        known = {order.uuid: order for order in found}
        if str(uuid) not in known:
            raise NotFound(self.env._("There is no such order at this location."))
        parts = [known[order_id] for order_id in order_ids if order_id in known]
        if not parts:
            return None
        if len(parts) < len(order_ids) or any((part.split_from or {}).get("id") != str(uuid) for part in parts):
            raise Problem("id_taken", self.env._("An order or a line with this id exists already."))
        return {
            "order": order_document(known[str(uuid)], facts),
            "orders": [order_document(part, facts) for part in parts],
            "difference": _money(0, facts),
        }

    def _check_splittable(self, order, session_id):
        if order.state != "open":
            raise Problem("order_closed", self.env._("The order is %s.", order.state))
        if order.carried or order.session_id != session_id:
            raise Problem("no_open_session", self.env._("The order waits for the next till session."))

    def _part_wishes(self, order, wish):
        if wish.by == "seat":
            return [self._seats_wish(order, part, place) for place, part in enumerate(wish.orders)]
        return [
            PartWish(
                str(part.id),
                [Portion(str(p.line_id), p.quantity, str(p.id) if p.id else None) for p in part.lines],
                part.guests,
            )
            for part in wish.orders
        ]

    def _seats_wish(self, order, part, place):
        """All lines of some seats. Lines of no seat stay."""
        lines = [line.uuid for line in order.active_lines if line.seat in part.seats]
        if not lines:
            raise Invalid(
                self.env._("Nothing was ordered for these seats."), code="unknown_item", field=f"orders[{place}].seats"
            )
        guests = len(part.seats) if part.guests is None else part.guests
        return PartWish(str(part.id), [Portion(line) for line in lines], guests)

    def _write_parts(self, identity, order, parts, facts):
        """Write the new orders and what is left of the old one; the kitchen tickets that followed."""
        rows, desk = self.env["fynlo.order.rows"], self.env["fynlo.kitchen.desk"]
        tickets = self.env["fynlo.kitchen.ticket"].sudo()
        for part in parts:
            rows._insert(part.order, identity, facts, fynlo_split_from_id=order.row_id)
            rows._move_lines([one.row_id for one in part.taken if one.row_id], part.order)
            rows._lane(part.order, identity, facts).change_lines(changed_lines(part.order, facts))
            followed = desk._follow_lines(order.row_id, part.order.row_id, part.taken)
            if followed:
                part.order.fulfilment = desk._fulfilment(part.order.row_id)
                rows._keep_fulfilment(part.order)
            tickets |= followed
        if tickets:
            order.fulfilment = desk._fulfilment(order.row_id)
        self._follow_payment(order, payment_of_open(order))
        rows._update(order, identity, facts)
        return tickets

    def _announce_parts(self, order, parts, tickets, facts, before):
        total = order.total + sum(part.order.total for part in parts)
        self.env["fynlo.audit.log"]._record(
            "order.split",
            company_id=facts.company_id,
            resource=("order", order.uuid),
            before={"number": order.number, "total": before},
            after={"total": order.total, "orders": {part.order.number: part.order.total for part in parts}},
        )
        documents = [self._announce(part.order, facts, "order.created") for part in parts]
        document = self._announce(order, facts, "order.updated")
        tickets._announce()
        return {"order": document, "orders": documents, "difference": _money(total - before, facts)}


def _new_line_ids(wish):
    return [portion.id for part in wish.orders for portion in getattr(part, "lines", ()) if portion.id]


def _money(minor, facts):
    return {"amount": minor, "currency": facts.currency}

"""Editing orders: batches of operations, merged with what other tills did meanwhile."""

from odoo import api, models

from ...engine.basket import Basket
from ...engine.edit_result import Result
from ...engine.operations import OPERATIONS_MAX, Editor
from ...engine.order_document import order_document
from ...engine.pricing import reprice_order
from ...rest import Invalid, Problem, declare
from ..system.transition import require_transition
from .order_operation import body_of
from .order_states import ORDER_STATES, payment_of_open

declare(
    "batch_rejected",
    409,
    "Batch refused",
    "One operation of an atomic batch was refused, so none was applied.",
    "Look at the results that come with the refusal, then send what is still wanted.",
)
declare(
    "op_id_reused",
    422,
    "Operation id reused",
    "The op_id was used for another operation.",
    "Give every operation an id of its own.",
)


class FynloOrderService(models.AbstractModel):
    _inherit = "fynlo.order.service"

    @api.model
    def _operate(self, identity, uuid, wish):
        """Apply a batch of operations; each has its own result, and applying one twice does nothing.

        The order's row is locked first: batches of several tills follow each other, none is lost.
        """
        if len(wish.operations) > OPERATIONS_MAX:
            detail = self.env._("A batch has at most %s operations.", OPERATIONS_MAX)
            raise Invalid(detail, code="too_many_operations", field="operations")
        facts = self._facts(identity)
        rows = self.env["fynlo.order.rows"]
        order, known, taken = rows._lock_with_journal(uuid, facts, *_ids_of(wish))
        if wish.base_version > order.version:
            raise Problem(
                "version_conflict",
                self.env._(
                    "The order is at version %(now)s, not yet at %(base)s.", now=order.version, base=wish.base_version
                ),
                current=order_document(order, facts),
                conflicting_fields=["base_version"],
            )
        now = self.env.cr.now()
        editor = self._editor(order, facts, identity, wish, now)
        results, entries = [], []
        for op in wish.operations:
            result = _replay(op, known) or _clash(op, taken) or editor.apply(op)
            results.append(result)
            if result.result != "replayed" and str(op.op_id) not in known:
                known[str(op.op_id)] = (body_of(op), result.result, result.code, result.detail, result.conflict)
                entries.append((op, result))
        if wish.atomic and any(result.result == "rejected" for result in results):
            raise Problem(
                "batch_rejected",
                self.env._("An operation was refused, so none was applied."),
                results=[result.document() for result in results],
            )
        document = self._keep_edits(order, facts, identity, editor)
        self.env["fynlo.order.operation"]._record(order, identity, wish, entries, now)
        self.env["fynlo.approval.service"]._use(editor.allowance)
        self._audit_acts(order, facts, editor.acts)
        self._tell_losers(order, facts, results, identity)
        return {"order": document, "results": [result.document() for result in results]}

    @api.model
    def _cancel(self, identity, uuid, reason, approval_id=None):
        """Cancel an open order on which no money was taken. What the kitchen has of it may need an approval."""
        facts = self._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(uuid, facts)
        require_transition(self.env, ORDER_STATES, order.state, "cancelled")
        if order.paid:
            raise Problem(
                "illegal_transition",
                self.env._("Money was taken on this order: give it back before cancelling."),
                current_state=order.state,
                allowed=["completed"],
            )
        order.refuse_while_reserved()
        approver = self._allow_cancel(identity, order, facts, approval_id)
        self._let_portions_go(order, facts)
        self.env["fynlo.order.rows"]._update(order, identity, facts, state="cancel")
        self.env["fynlo.audit.log"]._record(
            "order.cancelled",
            company_id=facts.company_id,
            resource=("order", order.uuid),
            before={"total": order.total, "number": order.number},
            reason=reason,
            approver=approver,
        )
        return self._announce(order, facts, "order.cancelled")

    # --- steps ---------------------------------------------------------------------------

    def _editor(self, order, facts, identity, wish, now):
        basket = Basket(facts, identity, facts.preset(order.preset_id), now)
        return Editor(
            order,
            facts,
            identity,
            basket,
            now,
            base_version=wish.base_version,
            odoo_taxes=self._odoo_taxes(facts),
            customers=self._customers(identity, wish),
            allowance=self._allowance(identity, facts, wish),
        )

    def _allowance(self, identity, facts, wish):
        approval_ids = [getattr(op, "approval_id", None) for op in wish.operations]
        return self.env["fynlo.approval.service"]._allowance(identity, facts, approval_ids)

    def _allow_cancel(self, identity, order, facts, approval_id):
        """The approver's name, where what the kitchen has costs more than the employee may void alone."""
        sent = [line for line in order.active_lines if line.sent_quantity]
        if not sent:
            return None
        amount = sum(line.total for line in sent)
        service = self.env["fynlo.approval.service"]
        return service._require(identity, facts, "order.cancel", order.uuid, amount, approval_id)

    def _audit_acts(self, order, facts, acts):
        for act in acts:
            self.env["fynlo.audit.log"]._record(
                act.action,
                company_id=facts.company_id,
                resource=("order", order.uuid),
                after={"number": order.number, "of": act.resource_id, "amount": act.amount},
                reason=act.reason,
                approver=act.approver,
            )

    def _customers(self, identity, wish):
        """The guests that the batch names, by public id, as far as the company knows them."""
        uuids = [str(op.customer_id) for op in wish.operations if op.type == "set_customer" and op.customer_id]
        if not uuids:
            return {}
        partners = (
            self.env["res.partner"]
            .sudo()
            .search([("fynlo_uuid", "in", uuids), ("company_id", "in", [False, identity.company_id])])
        )
        return {p.fynlo_uuid: {"row_id": p.id, "id": p.fynlo_uuid, "name": p.name} for p in partners}

    def _keep_edits(self, order, facts, identity, editor):
        """Price and write the order if anything changed; its document either way."""
        if not editor.changed:
            return order_document(order, facts)
        reprice_order(order, facts, self._odoo_taxes(facts))
        self._follow_payment(order, payment_of_open(order))
        self.env["fynlo.order.rows"]._update(order, identity, facts)
        return self._announce(order, facts, "order.updated")

    def _tell_losers(self, order, facts, results, identity):
        """Tell the other till of a conflict; the one that asked has it in its results."""
        for result in results:
            if result.conflict and result.other_device:
                self.env["fynlo.outbox"]._emit(
                    facts.company_id,
                    f"d.{result.other_device}",
                    "sync.conflict",
                    result.op_id,
                    {"order_id": order.uuid, "number": order.number, "conflict": result.conflict},
                )


def _ids_of(wish):
    """The ids of a batch's operations, and of the lines it would add."""
    adding = [str(op.line.id) for op in wish.operations if op.type == "add_line"]
    return [str(op.op_id) for op in wish.operations], adding


def _replay(op, known):
    """The first answer to an operation that was sent before."""
    row = known.get(str(op.op_id))
    if row is None:
        return None
    body, result, code, detail, conflict = row
    if body != body_of(op):
        return Result(str(op.op_id), "rejected", "op_id_reused", "The op_id was used for another operation.")
    if result == "rejected":
        return Result(str(op.op_id), "rejected", code, detail)
    return Result(str(op.op_id), "replayed", code, detail, conflict)


def _clash(op, taken):
    if op.type == "add_line" and str(op.line.id) in taken:
        return Result(str(op.op_id), "rejected", "id_taken", "A line with this id exists in another order.")
    return None

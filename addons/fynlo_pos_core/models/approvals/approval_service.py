"""Asking for approvals, deciding on them, and using them."""

from odoo import api, models

from ...engine.allowance import Allowance, may_alone
from ...rest import Invalid, NotFound, Problem, paging
from ...tools.clock import now
from ..system.transition import require_transition
from .approval_states import APPROVAL_STATES, DECIDERS

#: What an approval may be of, and the order that it belongs to.
SUBJECT = """
    SELECT o.id FROM pos_order o WHERE o.uuid = %(id)s AND o.config_id = %(location)s
     UNION ALL
    SELECT o.id FROM pos_order_line line JOIN pos_order o ON o.id = line.order_id
     WHERE line.uuid = %(id)s AND o.config_id = %(location)s
     UNION ALL
    SELECT NULL FROM pos_session WHERE fynlo_uuid = %(id)s AND config_id = %(location)s
"""


class FynloApprovalService(models.AbstractModel):
    _name = "fynlo.approval.service"
    _description = "Approval service"

    # --- what tills ask for --------------------------------------------------------------

    @api.model
    def _ask(self, identity, wish):
        """Make a request and tell those who may decide. Raises ``id_taken``, ``unknown_item``."""
        facts = self.env["fynlo.location.facts"]._of(identity.location_id, identity.catalogue_version)
        approvals = self.env["fynlo.approval"].sudo()
        if approvals.search_count([("fynlo_uuid", "=", str(wish.id))], limit=1):
            raise Problem("id_taken", self.env._("An approval with this id exists already."))
        if wish.amount.currency != facts.currency or wish.amount.amount < 0:
            raise Invalid(self.env._("An amount of %s from 0 is needed.", facts.currency), field="amount")
        approval = approvals.create(
            {
                "fynlo_uuid": str(wish.id),
                "company_id": identity.company_id,
                "config_id": identity.location_id,
                "action": wish.action,
                "resource_id": str(wish.resource_id),
                "order_id": self._order_of(identity, wish.resource_id),
                "currency_id": facts.currency_id,
                "amount": wish.amount.amount,
                "reason": wish.reason,
                "requested_by": identity.employee_id,
                "device_id": identity.device_id or False,
            }
        )
        approval._announce("approval.requested", f"l.{facts.location_uuid}.till")
        return approval._api_values()

    @api.model
    def _decide(self, identity, uuid, verdict, wish, address=""):
        """Approve or reject a request, as the signed-in employee or by somebody's PIN on the asking till.

        Deciding the same again changes nothing. Raises ``illegal_transition`` once it was decided
        otherwise or has expired, and what a sign-in by PIN raises.
        """
        approval = self._find(identity, uuid)
        decider, how = self._decider(identity, approval, wish, address)
        self.env.cr.execute("SELECT id FROM fynlo_approval WHERE id = %s FOR UPDATE", (approval.id,))
        approval.invalidate_recordset()
        if (approval.state, approval.decided_by) == (verdict, decider):
            return approval._api_values()
        require_transition(self.env, APPROVAL_STATES, approval._state_now(), verdict)
        self._require_right(identity, approval, decider)
        approval.write({"state": verdict, "decided_by": decider.id, "decided_at": now(), "how": how, "note": wish.note})
        self.env["fynlo.audit.log"]._record(
            f"approval.{verdict}",
            company_id=identity.company_id,
            resource=("approval", approval.fynlo_uuid),
            after=approval._api_values(),
            reason=approval.reason,
            approver=decider.name,
        )
        own = f"e.{approval.requested_by.fynlo_uuid}"
        approval._announce("approval.decided", f"l.{identity.location_uuid}.till", own)
        return approval._api_values()

    @api.model
    def _read(self, identity, uuid):
        return self._find(identity, uuid)._api_values()

    @api.model
    def _page(self, identity, query):
        """A page of the location's approvals, the newest first."""
        domain = [("config_id", "=", identity.location_id)]
        if query.state:
            domain += _state_domain(query.state)
        if query.cursor:
            domain.append(("id", "<", paging.decode(query.cursor, int)[0]))
        rows = self.env["fynlo.approval"].sudo().search(domain, order="id desc", limit=query.limit + 1)
        return paging.page(rows, query.limit, lambda row: row._api_values(), lambda row: [row.id])

    # --- what other services ask ---------------------------------------------------------

    @api.model
    def _allowance(self, identity, facts, approval_ids=()):
        """What the employee may do, with these approvals locked until commit. One query when any is named."""
        ids = [str(approval_id) for approval_id in approval_ids if approval_id]
        grants = {}
        if ids:
            self.env.flush_all()
            self.env.cr.execute(
                "SELECT id FROM fynlo_approval WHERE fynlo_uuid = ANY(%s) AND config_id = %s ORDER BY id FOR UPDATE",
                (ids, identity.location_id),
            )
            rows = self.env["fynlo.approval"].sudo().browse([row_id for (row_id,) in self.env.cr.fetchall()])
            rows.invalidate_recordset(flush=False)
            grants = {row.fynlo_uuid: row._grant() for row in rows}
        return Allowance(identity, facts.approval_policies, facts.currency, grants, now())

    @api.model
    def _use(self, allowance):
        """Mark the approvals that were taken; they are good for nothing else."""
        for grant in allowance.used:
            require_transition(self.env, APPROVAL_STATES, grant.state, "used")
        approvals = self.env["fynlo.approval"].sudo().browse([grant.row_id for grant in allowance.used])
        approvals.write({"state": "used", "used_at": now()})

    @api.model
    def _require(self, identity, facts, action, resource_id, amount, approval_id=None, so_far=0):
        """The approver's name, or ``None`` when the employee may do this alone; the approval is used with it.

        Raises ``approval_required`` or ``approval_unusable``.
        """
        allowance = self._allowance(identity, facts, [approval_id])
        approver = allowance.check(action, resource_id, amount, approval_id, so_far)
        self._use(allowance)
        return approver

    # --- steps ---------------------------------------------------------------------------

    def _find(self, identity, uuid):
        approval = (
            self.env["fynlo.approval"]
            .sudo()
            .search([("fynlo_uuid", "=", str(uuid)), ("config_id", "=", identity.location_id)], limit=1)
        )
        if not approval:
            raise NotFound(self.env._("There is no such approval at this location."))
        return approval

    def _order_of(self, identity, resource_id):
        """The order that the resource is or belongs to, if any. Raises ``unknown_item``."""
        self.env.cr.execute(SUBJECT, {"id": str(resource_id), "location": identity.location_id})
        row = self.env.cr.fetchone()
        if row is None:
            raise Invalid(
                self.env._("This location has no such order, line or till session."),
                code="unknown_item",
                field="resource_id",
            )
        return row[0]

    def _decider(self, identity, approval, wish, address):
        """Who decides, and by which means."""
        if wish.employee_id is None:
            return self.env["hr.employee"].sudo().browse(identity.employee_id), "signed_in"
        if not identity.device_id or approval.device_id.id != identity.device_id:
            raise Problem("permission_denied", self.env._("A PIN decides only on the till that asked."))
        device = self.env["fynlo.device"].sudo().browse(identity.device_id)
        return self.env["fynlo.sign.in"]._known_by_pin(device, wish.employee_id, wish.pin, address), "pin"

    def _require_right(self, identity, approval, decider):
        """Nobody approves the own request, nor what the own role would need an approval for."""
        if decider == approval.requested_by:
            raise Problem("permission_denied", self.env._("Somebody else must decide this."))
        facts = self.env["fynlo.location.facts"]._of(identity.location_id, identity.catalogue_version)
        codes = self.env["fynlo.access"]._permissions_of(decider.company_id, decider.fynlo_role)
        needed = {"approval.decide", DECIDERS.get(approval.action, approval.action)}
        alone = may_alone(approval.action, approval.amount, decider.fynlo_role, codes, facts.approval_policies)
        if not (needed <= codes and alone):
            raise Problem("permission_denied", self.env._("%s may not decide this.", decider.name))


def _state_domain(state):
    """Approvals in ``state`` as of now; what is overdue counts as expired."""
    overdue = [s for s, steps in APPROVAL_STATES.items() if "expired" in steps]
    if state == "expired":
        return ["|", ("state", "=", state), "&", ("state", "in", overdue), ("expires_at", "<=", now())]
    return [("state", "=", state), *([("expires_at", ">", now())] if state in overdue else [])]

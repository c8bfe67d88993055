"""Approvals: an employee asks, somebody who may decides, and it is used for that one act."""

from datetime import timedelta

from odoo import api, fields, models

from ...engine.allowance import Grant
from ...tools.clock import now, wire
from ...tools.money import to_major
from .approval_states import ACTIONS, APPROVAL_STATES

VALID = timedelta(minutes=10)


class FynloApproval(models.Model):
    """Written by the approval service alone. ``amount`` is the most that may be done with it, in minor units."""

    _name = "fynlo.approval"
    _inherit = ["fynlo.resource.mixin"]
    _description = "Approval"
    _order = "id desc"
    _rec_name = "action"
    _resource_name = "approval"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, index=True)
    action = fields.Selection(ACTIONS, required=True, readonly=True)
    resource_id = fields.Char("Of what", required=True, readonly=True, help="Public id of the order, line or till.")
    order_id = fields.Many2one("pos.order", readonly=True, index="btree_not_null", ondelete="set null")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Integer("Amount (minor units)", required=True, readonly=True)
    amount_shown = fields.Monetary("Amount", compute="_compute_amount_shown")
    reason = fields.Char(required=True, readonly=True)
    state = fields.Selection(
        [(name, name.capitalize()) for name in APPROVAL_STATES],
        required=True,
        readonly=True,
        default="pending",
        index=True,
    )
    requested_by = fields.Many2one("hr.employee", required=True, readonly=True)
    device_id = fields.Many2one("fynlo.device", readonly=True)
    expires_at = fields.Datetime(required=True, readonly=True, default=lambda self: now() + VALID)
    decided_by = fields.Many2one("hr.employee", readonly=True)
    decided_at = fields.Datetime(readonly=True)
    how = fields.Selection(
        [("pin", "PIN on the till"), ("signed_in", "Signed in")], "Decided by means of", readonly=True
    )
    note = fields.Char(readonly=True)
    used_at = fields.Datetime(readonly=True)

    _amount_positive = models.Constraint("CHECK(amount >= 0)", "An approval is not for less than nothing.")

    @api.depends("amount", "currency_id")
    def _compute_amount_shown(self):
        for approval in self:
            approval.amount_shown = to_major(approval.amount, approval.currency_id.decimal_places)

    def _state_now(self):
        """The state as of this moment: what was not used in time has expired."""
        overdue = self.expires_at <= now() and "expired" in APPROVAL_STATES[self.state]
        return "expired" if overdue else self.state

    def _grant(self):
        return Grant(
            row_id=self.id,
            action=self.action,
            resource_id=self.resource_id,
            amount=self.amount,
            employee_id=self.requested_by.id,
            state=self.state,
            expires_at=self.expires_at,
            approver=self.decided_by.name or "",
        )

    def _api_values(self):
        self.ensure_one()
        order = self.order_id
        return {
            "id": self.fynlo_uuid,
            "location_id": self.config_id.fynlo_uuid,
            "action": self.action,
            "resource_id": self.resource_id,
            "order": {"id": order.uuid, "number": order.fynlo_number} if order else None,
            "amount": {"amount": self.amount, "currency": self.currency_id.name},
            "reason": self.reason,
            "state": self._state_now(),
            "requested_by": {"id": self.requested_by.fynlo_uuid, "name": self.requested_by.name},
            "device_id": self.device_id.fynlo_uuid or None,
            "requested_at": wire(self.create_date),
            "expires_at": wire(self.expires_at),
            "decided_by": _name_of(self.decided_by),
            "decided_at": wire(self.decided_at or None),
            "how": self.how or None,
            "note": self.note or "",
        }

    def _announce(self, event, *topics):
        values = self._api_values()
        for topic in topics:
            self.env["fynlo.outbox"]._emit(self.company_id.id, topic, event, self.fynlo_uuid, values)

    @api.autovacuum
    def _gc_expired(self):
        """Write down what has expired; answers say so from the very second on."""
        late = [("state", "in", [s for s, steps in APPROVAL_STATES.items() if "expired" in steps])]
        self.sudo().search([*late, ("expires_at", "<=", now())], limit=1000).write({"state": "expired"})


def _name_of(employee):
    return {"id": employee.fynlo_uuid, "name": employee.name} if employee else None

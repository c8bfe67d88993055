"""The back office's buttons on an order: they ask the order service, as a till would."""

from dataclasses import dataclass

from odoo import models


@dataclass(frozen=True, slots=True)
class Everything:
    """What a button sends to the kitchen: all that is new."""

    course: None = None
    lines: None = None


class PosOrder(models.Model):
    _inherit = "pos.order"

    def action_fynlo_send(self):
        """Send what is new to the kitchen."""
        self._fynlo_ask("order.send", lambda service, identity: service._send(identity, self.uuid, Everything()))

    def action_fynlo_complete(self):
        """Close the order, once it is paid."""
        self._fynlo_ask("order.complete", lambda service, identity: service._complete(identity, self.uuid))

    def action_fynlo_cancel(self):
        """Ask for a reason and cancel the order."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("fynlo_pos_core.action_cancel_order"),
            "context": {"default_order_id": self.id},
        }

    def _fynlo_cancel(self, reason):
        self._fynlo_ask("order.cancel", lambda service, identity: service._cancel(identity, self.uuid, reason))

    def _fynlo_ask(self, permission, ask):
        """Have the order service do something as the user of the back office.

        Raises what a till would be told: ``permission_denied``, ``illegal_transition``…
        """
        self.ensure_one()
        self.check_access("read")
        identity = self.env["fynlo.access"]._at_desk(self.config_id)
        identity.require(permission)
        ask(self.env["fynlo.order.service"], identity)
        self.invalidate_recordset()

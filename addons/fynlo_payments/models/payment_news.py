"""What a provider told of a payment is part of the payment's history."""

from odoo import models


class FynloPayment(models.Model):
    _inherit = "fynlo.payment"

    def _fynlo_resource_ids(self):
        """With its disputes."""
        disputes = self.env["fynlo.payment.dispute"].sudo().search([("payment_id", "in", self.ids)])
        return super()._fynlo_resource_ids() + disputes.mapped("fynlo_uuid")

    def _fynlo_entries(self):
        yield from super()._fynlo_entries()
        notifications = self.env["fynlo.payment.notification"]
        states = dict(notifications._fields["state"]._description_selection(self.env))
        for told in notifications.sudo().search([("payment_id", "in", self.ids)]):
            yield {
                "at": told.received_at,
                "icon": "fa-bell-o",
                "what": self.env._("The provider told: %s", told.kind),
                "detail": states[told.state],
            }

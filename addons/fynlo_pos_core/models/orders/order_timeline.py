"""The timeline of an order."""

from odoo import models


class PosOrder(models.Model):
    _name = "pos.order"
    _inherit = ["pos.order", "fynlo.timeline"]

    def _fynlo_resource_ids(self):
        return [self.uuid] if self.uuid else []

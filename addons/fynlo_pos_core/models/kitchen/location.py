"""Locations start with a kitchen of one station."""

from odoo import api, models


class PosConfig(models.Model):
    _inherit = "pos.config"

    @api.model_create_multi
    def create(self, vals_list):
        locations = super().create(vals_list)
        locations._fynlo_make_kitchen()
        return locations

    def _fynlo_make_kitchen(self):
        """One station that makes everything, for locations that have none."""
        stations = self.env["fynlo.kitchen.station"].sudo().with_context(active_test=False)
        equipped = stations.search([("config_id", "in", self.ids)]).config_id
        stations.create([{"name": self.env._("Kitchen"), "config_id": location.id} for location in self - equipped])

"""Floors and tables: where guests sit."""

from odoo import models


class RestaurantFloor(models.Model):
    _name = "restaurant.floor"
    _inherit = ["restaurant.floor", "fynlo.resource.mixin", "fynlo.menu.part"]
    _resource_name = "floor"
    _menu_fields = frozenset({"name", "sequence", "active", "pos_config_ids", "table_ids"})

    def _menu_companies(self):
        return self.pos_config_ids.company_id


class RestaurantTable(models.Model):
    _name = "restaurant.table"
    _inherit = ["restaurant.table", "fynlo.resource.mixin", "fynlo.menu.part"]
    _resource_name = "table"
    _menu_fields = frozenset(
        {"floor_id", "table_number", "seats", "shape", "position_h", "position_v", "width", "height", "active"}
    )

    def _menu_companies(self):
        return self.floor_id.pos_config_ids.company_id

"""Which station makes what, as part of a location's facts."""

from odoo import api, models

from ...engine.facts import StationFacts


class FynloLocationFacts(models.AbstractModel):
    _inherit = "fynlo.location.facts"

    @api.model
    def _load(self, location_id, version):
        facts = super()._load(location_id, version)
        stations = self.env["fynlo.kitchen.station"].sudo().search([("config_id", "=", location_id)])
        facts.stations = {
            station.id: StationFacts(station.id, station.fynlo_uuid, station.name, station.printer_enabled)
            for station in stations
        }
        routes = _Routes(stations)
        facts.spare_station = routes.spare
        variants = self.env["product.product"].sudo().browse([variant.id for variant in facts.variants.values()])
        facts.station_by_variant = {variant.id: routes.station_of(variant) for variant in variants}
        return facts


class _Routes:
    """The way from a product's categories to its station."""

    def __init__(self, stations):
        self.stations = stations
        self.spare = next((s._standing_in().id for s in stations if not s.category_ids), None)
        self.by_categories = {}

    def station_of(self, variant):
        categories = variant.product_tmpl_id.pos_categ_ids
        if categories not in self.by_categories:
            self.by_categories[categories] = self._find(categories)
        return self.by_categories[categories]

    def _find(self, categories):
        meant = categories.browse().union(*(category._fynlo_lineage() for category in categories))
        maker = next((station for station in self.stations if station.category_ids & meant), None)
        return maker._standing_in().id if maker else self.spare

"""Stock levels: which products of a location are running low, told once until they are filled up again."""

from odoo import api, fields, models

LOW = "stock.low"


class ProductTemplate(models.Model):
    _inherit = "product.template"

    fynlo_low_at = fields.Float(
        "Low at",
        digits="Product Unit",
        help="Managers and tills are told once when a location has no more than this left. "
        "0: as a reordering rule of the location's warehouse says, or never.",
    )


class FynloStockLevel(models.Model):
    """One row a location and watched product, kept by a scheduled job."""

    _name = "fynlo.stock.level"
    _description = "Stock level at a location"
    _order = "is_low desc, config_id, id"
    _rec_name = "product_id"
    _check_company_auto = True

    config_id = fields.Many2one("pos.config", "Location", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="config_id.company_id", store=True)
    product_id = fields.Many2one(
        "product.product",
        required=True,
        ondelete="cascade",
        check_company=True,
        domain="[('is_storable', '=', True)]",
        index=True,
    )
    uom_id = fields.Many2one(related="product_id.uom_id")
    low_at = fields.Float("Low at, here", digits="Product Unit", help="0: as the product or its reordering rule says.")
    threshold = fields.Float("Low at", digits="Product Unit", readonly=True)
    left = fields.Float(digits="Product Unit", readonly=True, help="On hand, less what open till sessions have sold.")
    is_low = fields.Boolean("Low", readonly=True, index=True)
    low_since = fields.Datetime(readonly=True)

    _once = models.UniqueIndex("(config_id, product_id)")

    @api.model
    def _cron_watch(self):
        """Look at every location's watched products; each location is a transaction of its own."""
        locations = self.env["pos.config"].search([("picking_type_id.default_location_src_id", "!=", False)])
        for position, location in enumerate(locations, 1):
            self._watch(location)
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(locations) - position):
                return

    @api.model
    def _watch(self, location):
        """Bring the levels of ``location`` up to date; tell of what has become low, or is no longer."""
        rows = self.search([("config_id", "=", location.id)])
        thresholds = self._thresholds(location, rows)
        left = self._left(location, thresholds)
        missing = [product_id for product_id in thresholds if product_id not in rows.product_id.ids]
        rows |= self.create([{"config_id": location.id, "product_id": product_id} for product_id in missing])
        for row in rows:
            row._note(float(left.get(row.product_id.id, 0)), thresholds.get(row.product_id.id, 0))

    def _thresholds(self, location, rows):
        """Product id → threshold: the location's own word, else the product's, else a reordering rule's."""
        place = location.picking_type_id.default_location_src_id
        rules = self.env["stock.warehouse.orderpoint"].search(
            [("location_id", "parent_of", place.id), ("product_min_qty", ">", 0)]
        )
        products = self.env["product.product"].search(
            [
                ("fynlo_low_at", ">", 0),
                ("is_storable", "=", True),
                ("company_id", "in", [False, location.company_id.id]),
            ]
        )
        return {
            **{rule.product_id.id: rule.product_min_qty for rule in rules},
            **{product.id: product.fynlo_low_at for product in products},
            **{row.product_id.id: row.low_at for row in rows if row.low_at > 0},
        }

    def _left(self, location, thresholds):
        if not thresholds:
            return {}
        sold = self.env["product.product"].search(
            [("available_in_pos", "=", True), ("company_id", "in", [False, location.company_id.id])]
        )
        takers = self.env["fynlo.recipe"]._takers(location, sold.ids)
        place = location.picking_type_id.default_location_src_id
        return self.env["fynlo.stock.room"]._left(place.id, takers, list(thresholds))

    def _note(self, left, threshold):
        """Write what has changed; a product that crosses its threshold is told of, whichever way."""
        is_low = threshold > 0 and left <= threshold
        crossed = is_low != self.is_low
        values = {"left": left, "threshold": threshold, "is_low": is_low}
        if crossed:
            values["low_since"] = fields.Datetime.now() if is_low else False
        changed = {name: value for name, value in values.items() if self[name] != value}
        if changed:
            self.write(changed)
        if crossed:
            self._announce()

    def _announce(self):
        location = self.config_id
        topic = f"l.{location.fynlo_uuid}.menu"
        self.env["fynlo.outbox"]._emit(self.company_id.id, topic, LOW, self.product_id.fynlo_uuid, self._api_values())

    def _api_values(self):
        return {
            "product_id": self.product_id.product_tmpl_id.fynlo_uuid,
            "variant_id": self.product_id.fynlo_uuid,
            "location_id": self.config_id.fynlo_uuid,
            "name": self.product_id.display_name,
            "low": self.is_low,
            "left": f"{self.left:g}",
            "threshold": f"{self.threshold:g}",
        }

"""Back office: run out, or back on the menu, location by location."""

from odoo import api, fields, models

from .availability import COLUMNS

#: Context keys that name the thing whose availability a list of locations shows.
THING_MODEL, THING_ID = "fynlo_thing_model", "fynlo_thing_id"


class FynloSoldThing(models.AbstractModel):
    """Products, variants and modifiers: what a location can run out of."""

    _name = "fynlo.sold.thing.mixin"
    _description = "Can run out at a location"

    fynlo_shop_ids = fields.Many2many("pos.config", compute="_compute_fynlo_shop_ids", string="Availability")
    fynlo_run_out_ids = fields.Many2many(
        "pos.config", compute="_compute_fynlo_run_out_ids", search="_search_fynlo_run_out_ids", string="Run out at"
    )

    @api.depends("company_id")
    def _compute_fynlo_shop_ids(self):
        """Where the thing is sold, as far as the user may see the locations."""
        locations = self.env["pos.config"].search([])
        for thing in self:
            company = thing.company_id
            thing.fynlo_shop_ids = locations.filtered(lambda one, its=company: not its or one.company_id == its)

    def _compute_fynlo_run_out_ids(self):
        column = COLUMNS[self._name]
        rows = self.env["fynlo.availability"].search([(column, "in", self.ids), ("available", "=", False)])
        visible = self.env["pos.config"].search([("id", "in", rows.config_id.ids)])
        for thing in self:
            own = rows.filtered(lambda row, its=thing: row[column].id == its.id)
            thing.fynlo_run_out_ids = own.config_id & visible

    def _search_fynlo_run_out_ids(self, operator, value):
        if operator not in ("in", "any"):
            return NotImplemented
        column = COLUMNS[self._name]
        rows = self.env["fynlo.availability"].search([("available", "=", False), ("config_id", operator, value)])
        return [("id", "in", rows[column].ids)]

    def action_fynlo_availability(self):
        """Show where the thing is available, with a button each."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Availability of %s", self.display_name),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(self.env.ref(f"fynlo_pos_core.{self._name.replace('.', '_')}_availability_form").id, "form")],
            "target": "new",
        }


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["product.template", "fynlo.sold.thing.mixin"]


class ProductProduct(models.Model):
    _name = "product.product"
    _inherit = ["product.product", "fynlo.sold.thing.mixin"]


class FynloModifier(models.Model):
    _name = "fynlo.modifier"
    _inherit = ["fynlo.modifier", "fynlo.sold.thing.mixin"]


class PosConfig(models.Model):
    _inherit = "pos.config"

    fynlo_on_menu = fields.Boolean("On the menu", compute="_compute_fynlo_on_menu")
    fynlo_portions = fields.Char("Portions left", compute="_compute_fynlo_on_menu")
    fynlo_run_out_since = fields.Char("Changed by", compute="_compute_fynlo_on_menu")

    @api.depends_context(THING_MODEL, THING_ID)
    def _compute_fynlo_on_menu(self):
        thing = self._fynlo_thing()
        column = thing is not None and COLUMNS[thing._name]
        rows = self.env["fynlo.availability"].search([(column, "=", thing.id)] if column else [(0, "=", 1)])
        by_location = {row.config_id: row for row in rows}
        for location in self:
            row = by_location.get(location)
            location.fynlo_on_menu = row.available if row else True
            location.fynlo_portions = str(row.countdown) if row and row.counted else False
            location.fynlo_run_out_since = row.changed_by if row else False

    def _fynlo_thing(self):
        """The product, variant or modifier that the context names, or ``None``."""
        model, thing_id = self.env.context.get(THING_MODEL), self.env.context.get(THING_ID)
        if not thing_id or model not in COLUMNS:
            return None
        return self.env[model].browse(thing_id)

    def action_fynlo_run_out(self):
        """The location has run out of the thing in the context; tills hear of it within a second."""
        self._fynlo_set_thing(False)

    def action_fynlo_back(self):
        """The thing in the context is back on the location's menu."""
        self._fynlo_set_thing(True)

    def _fynlo_set_thing(self, available):
        thing = self._fynlo_thing()
        for location in self if thing is not None else self.browse():
            self.env["fynlo.availability"]._set(location, thing, available)

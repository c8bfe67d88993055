"""The allergens that food law wants named."""

from odoo import fields, models


class FynloAllergen(models.Model):
    """The fourteen allergens of UK and EU law; a business may add what its guests ask for."""

    _name = "fynlo.allergen"
    _description = "Allergen"
    _inherit = ["fynlo.menu.part"]
    _order = "sequence, id"
    _menu_fields = frozenset({"code", "sequence"})

    code = fields.Char(required=True, help="What tills know it by, e.g. milk.")
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)

    _code_unique = models.UniqueIndex("(code)", "There is an allergen with this code already.")

    def _menu_companies(self):
        return self.env["res.company"].search([])

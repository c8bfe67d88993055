"""The demo restaurant: builds it, and says how to get in."""

from odoo import api, models

from .demo_business import BISTRO_COMPANY, PIZZA_COMPANY


class FynloDemo(models.AbstractModel):
    """Safe to build any number of times: what is there is left as it is."""

    _name = "fynlo.demo"
    _description = "Demo restaurant"

    @api.model
    def _build(self):
        """Two companies: a pizza place with two locations, and a bistro that must see nothing of it."""
        business, menu_card = self.env["fynlo.demo.business"], self.env["fynlo.demo.card"]
        pizza = business._company(PIZZA_COMPANY)
        presets = business._presets(pizza)
        for name in ("Soho", "Camden"):
            business._location(pizza, name, presets)
        menu_card._write_pizza_card(pizza)
        bistro = business._company(BISTRO_COMPANY)
        business._location(bistro, "Bistro", self.env["pos.preset"])
        menu_card._write_bistro_card(bistro)

"""The coins in use: Odoo's rounding rules, as tills' locations use them."""

from odoo import models


class AccountCashRounding(models.Model):
    _name = "account.cash.rounding"
    _inherit = ["account.cash.rounding", "fynlo.menu.part"]
    _menu_fields = frozenset({"rounding", "rounding_method", "strategy"})

    def _menu_companies(self):
        """The companies with a location that rounds by these rules."""
        return self.env["pos.config"].sudo().search([("rounding_method", "in", self.ids)]).company_id

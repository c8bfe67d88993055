"""Cash: the drawer holds the money already, so a charge is a capture."""

from odoo import models

from .provider import PREFIX, Outcome


class FynloProviderCash(models.AbstractModel):
    _name = PREFIX + "cash"
    _inherit = ["fynlo.provider"]
    _description = "Cash"

    _immediate = True
    _gives_change = True

    def _refund(self, refund):
        return Outcome("succeeded")

    def _charge(self, attempt):
        return Outcome("captured", change=attempt.tendered - attempt.amount - attempt.tip)

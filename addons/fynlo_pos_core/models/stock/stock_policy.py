"""What a company and its locations decide about stock: sales below nothing, and what is thrown away."""

from odoo import fields, models

POLICIES = [
    ("allow", "Sell on"),
    ("warn", "Sell on, and mark the order"),
    ("refuse", "Refuse the sale"),
]


class ResCompany(models.Model):
    _inherit = "res.company"

    fynlo_stock_policy = fields.Selection(
        POLICIES,
        "When stock runs out",
        default="allow",
        required=True,
        help="For products that are kept in stock. Most restaurants sell what they see, whatever the books say.",
    )
    fynlo_scrap_waste = fields.Boolean(
        "Scrap what is thrown away",
        default=True,
        help="What was voided after the kitchen had it leaves the stock as scrap when the till is closed.",
    )


class PosConfig(models.Model):
    _inherit = "pos.config"

    fynlo_stock_policy = fields.Selection(
        POLICIES, "When stock runs out here", help="Empty: as the company has decided."
    )

    def _fynlo_stock_policy(self):
        self.ensure_one()
        return self.fynlo_stock_policy or self.company_id.fynlo_stock_policy or "allow"


class FynloCompanySettings(models.TransientModel):
    _inherit = "fynlo.company.settings"

    stock_policy = fields.Selection(
        POLICIES,
        "When stock runs out",
        required=True,
        default=lambda self: self.env.company.fynlo_stock_policy,
        help="For products that are kept in stock; a location may decide otherwise.",
    )
    scrap_waste = fields.Boolean("Scrap what is thrown away", default=lambda self: self.env.company.fynlo_scrap_waste)

    def _rules(self):
        return {**super()._rules(), "stock_policy": "fynlo_stock_policy", "scrap_waste": "fynlo_scrap_waste"}

"""What a company and a location decide about discounts, service charge and halves."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResCompany(models.Model):
    _inherit = "res.company"

    fynlo_discount_limit_bp = fields.Integer(
        "Discount limit (basis points)",
        default=2500,
        required=True,
        help="How much of an order may be taken off by people who may not override discounts; 2500 is a quarter.",
    )

    @api.constrains("fynlo_discount_limit_bp")
    def _check_fynlo_discount_limit(self):
        if any(not 0 <= company.fynlo_discount_limit_bp <= 10_000 for company in self):
            raise ValidationError(self.env._("A discount limit lies between nothing and everything."))


class PosConfig(models.Model):
    _inherit = "pos.config"

    fynlo_service_charge_bp = fields.Integer(
        "Service charge (basis points)",
        default=0,
        required=True,
        help="1250 is 12.5 %. 0: none. Guests may decline it.",
    )
    fynlo_service_charge_guests = fields.Integer(
        "From so many guests", default=0, required=True, help="Smaller parties pay none; 0 is every party."
    )
    fynlo_service_product_id = fields.Many2one(
        "product.product",
        "Service charge product",
        help="Books the service charge; its taxes are those of the charge. A charge that guests are free to decline "
        "carries no VAT in the UK.",
    )

    @api.constrains("fynlo_service_charge_bp", "fynlo_service_product_id")
    def _check_fynlo_service_charge(self):
        for location in self:
            if not 0 <= location.fynlo_service_charge_bp <= 5_000:
                raise ValidationError(self.env._("A service charge lies between 0 and 50 %."))
            if location.fynlo_service_charge_bp and not location.fynlo_service_product_id:
                raise ValidationError(self.env._("Choose the product that books the service charge."))


class ProductTemplate(models.Model):
    _inherit = "product.template"

    fynlo_halves = fields.Boolean(
        "Half and half", help="May be one half of a dish; the dearer half of the same size decides the price."
    )


class FynloDiscount(models.Model):
    _inherit = "fynlo.discount"

    exclusive = fields.Boolean(help="Cannot be combined with another discount of the same order or line.")

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

    fynlo_surcharge_product_id = fields.Many2one(
        "product.product",
        "Card fee product",
        help="Books what guests pay for paying by card, where that is allowed; its taxes lie in the fee. Empty: the "
        "product Card fee, without tax.",
    )

    def _fynlo_surcharge_product(self):
        """The product that books surcharges here."""
        standard = self.env.ref("fynlo_pos_core.product_card_fee", raise_if_not_found=False)
        return self.fynlo_surcharge_product_id or standard or self.env["product.product"]

    def _fynlo_surcharge_taxes(self):
        """The taxes in surcharges here; the standard product has none, whatever a chart of accounts gave it."""
        taxes = self.fynlo_surcharge_product_id.taxes_id
        return taxes.filtered(lambda tax: tax.company_id == self.company_id)

    @api.constrains("fynlo_surcharge_product_id")
    def _check_fynlo_surcharge_product(self):
        """Only a fixed share within the fee leaves what the guest is charged to the penny."""
        for location in self:
            if not location._fynlo_surcharge_fits():
                raise ValidationError(self.env._("The taxes of the card fee's product must be included in its price."))

    def _fynlo_surcharge_fits(self):
        return all(tax.amount_type == "percent" and tax.price_include for tax in self._fynlo_surcharge_taxes())

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

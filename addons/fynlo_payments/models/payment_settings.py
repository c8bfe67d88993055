"""Settings of a location's tenders: what guests may pay with, and how far the drawer may be off."""

from odoo import api, models
from odoo.addons.fynlo_pos_core.models.settings.setting import Setting
from odoo.addons.fynlo_pos_core.models.settings.settings_section import PREFIX
from odoo.addons.fynlo_pos_core.rest import Invalid
from odoo.addons.fynlo_pos_core.tools.money import to_major, to_minor


def _methods(_location, methods):
    """The tenders as tills name them; methods that tills do not take are left out."""
    offered = methods.filtered("fynlo_provider").sorted("sequence")
    return [{"method": method.fynlo_provider, "name": method.name} for method in offered]


def _money(location, amount):
    currency = location.currency_id
    return {"amount": to_minor(amount, currency.decimal_places), "currency": currency.name}


def _amount(location, money):
    """What Odoo stores for an amount in the location's currency. Raises ``validation_failed``."""
    currency = location.currency_id
    if money["currency"] != currency.name:
        raise Invalid(
            location.env._("Money here is in %s.", currency.name),
            errors=[
                {
                    "field": "cash_difference_limit.currency",
                    "code": "currency_mismatch",
                    "detail": location.env._("Money here is in %s.", currency.name),
                }
            ],
        )
    return to_major(money["amount"], currency.decimal_places)


class PaymentMethodsSettings(models.AbstractModel):
    """Methods are added in Odoo, because each needs its journal."""

    _name = PREFIX + "payment_methods"
    _description = "Settings: payment methods"
    _inherit = ["fynlo.settings.section"]
    _settings = {
        "methods": Setting("payment_method_ids", show=_methods, store=None),
        "cash_difference_limit": Setting("fynlo_over_short_limit", show=_money, store=_amount),
        "pay_link_minutes": Setting("fynlo_pay_link_minutes"),
    }

    @api.model
    def _watched(self, model):
        if model == "pos.payment.method":
            return {"name", "active", "fynlo_provider", "sequence"}
        return super()._watched(model)


class PosPaymentMethod(models.Model):
    _name = "pos.payment.method"
    _inherit = ["pos.payment.method", "fynlo.settings.part"]

    def _settings_owners(self):
        """The locations that take this method."""
        return self.config_ids

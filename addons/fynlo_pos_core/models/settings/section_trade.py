"""Settings of the trade: who the restaurant is, its taxes, its hours, and how it prices."""

from odoo import models

from ...rest import Invalid
from .setting import Setting
from .settings_section import PREFIX


class BusinessSettings(models.AbstractModel):
    """Names and addresses as receipts print them."""

    _name = PREFIX + "business"
    _description = "Settings: business"
    _inherit = ["fynlo.settings.section"]
    _settings = {
        "location_name": Setting("name"),
        "name": Setting("name", "contact"),
        "street": Setting("street", "contact"),
        "street2": Setting("street2", "contact"),
        "city": Setting("city", "contact"),
        "postcode": Setting("zip", "contact"),
        "country": Setting("country_id", "contact", show=lambda _partner, country: country.code or None, store=None),
        "phone": Setting("phone", "contact"),
        "email": Setting("email", "contact"),
        "website": Setting("website", "contact"),
        "company_number": Setting("company_registry", "contact"),
    }


def _default_tax(company, tax_uuid):
    """The company's sales tax with this id. Raises ``validation_failed``."""
    taxes = company.env["account.tax"].search(
        [
            ("fynlo_uuid", "=", str(tax_uuid)),
            ("company_id", "=", company.id),
            ("type_tax_use", "=", "sale"),
        ]
    )
    if not taxes:
        raise Invalid(company.env._("The company has no such sales tax."), field="default_tax_id")
    return taxes.id


class TaxesSettings(models.AbstractModel):
    """The tax number on receipts, and the tax that a new product gets. Whether prices include tax is set in Odoo."""

    _name = PREFIX + "taxes"
    _description = "Settings: taxes"
    _inherit = ["fynlo.settings.section"]
    _settings = {
        "tax_number": Setting("vat", "contact"),
        "prices_include_tax": Setting(
            "account_price_include", "company", show=lambda _company, kind: kind == "tax_included", store=None
        ),
        "default_tax_id": Setting(
            "account_sale_tax_id", "company", show=lambda _company, tax: tax.fynlo_uuid or None, store=_default_tax
        ),
    }


def _clock(_location, minutes):
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _minutes(_location, text):
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


class HoursSettings(models.AbstractModel):
    """The clock on the wall and the moment at which a business date begins."""

    _name = PREFIX + "hours"
    _description = "Settings: hours"
    _inherit = ["fynlo.settings.section"]
    _settings = {
        "time_zone": Setting("fynlo_time_zone"),
        "day_start": Setting("fynlo_day_start", show=_clock, store=_minutes),
    }


class MenuSettings(models.AbstractModel):
    """Service charge, discounts, and what happens when stock runs out."""

    _name = PREFIX + "menu"
    _description = "Settings: menu"
    _inherit = ["fynlo.settings.section"]
    _settings = {
        "service_charge_bp": Setting("fynlo_service_charge_bp"),
        "service_charge_guests": Setting("fynlo_service_charge_guests"),
        "stock_policy": Setting("fynlo_stock_policy"),
        "company_stock_policy": Setting("fynlo_stock_policy", "company"),
        "discount_limit_bp": Setting("fynlo_discount_limit_bp", "company"),
        "scrap_waste": Setting("fynlo_scrap_waste", "company"),
    }

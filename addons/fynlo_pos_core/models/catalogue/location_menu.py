"""What a location and its company decide about the menu."""

from odoo import models


class PosConfig(models.Model):
    _name = "pos.config"
    _inherit = ["pos.config", "fynlo.menu.part"]
    _menu_fields = frozenset(
        {
            "active", "company_id", "journal_id", "use_pricelist", "pricelist_id", "available_pricelist_ids",
            "limit_categories", "iface_available_categ_ids", "use_presets", "default_preset_id", "available_preset_ids",
            "floor_ids", "module_pos_restaurant", "tip_product_id", "cash_rounding", "rounding_method",
            "only_round_cash_method", "tax_regime_selection", "fiscal_position_ids", "default_fiscal_position_id",
            "payment_method_ids", "fynlo_time_zone", "fynlo_day_start",
            "fynlo_service_charge_bp", "fynlo_service_charge_guests", "fynlo_service_product_id",
            "fynlo_surcharge_product_id",
            "fynlo_stock_policy", "picking_type_id", "order_edit_tracking",
        }
    )  # fmt: skip


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "fynlo.menu.part"]
    _menu_fields = frozenset(
        {
            "currency_id",
            "tax_calculation_rounding_method",
            "account_price_include",
            "fynlo_discount_limit_bp",
            "fynlo_stock_policy",
        }
    )

    def _menu_companies(self):
        return self

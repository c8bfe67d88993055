"""Taxes, and the fiscal positions that replace them."""

from odoo import models


class AccountTax(models.Model):
    _name = "account.tax"
    _inherit = ["account.tax", "fynlo.resource.mixin", "fynlo.menu.part"]
    _resource_name = "tax"
    _menu_fields = frozenset(
        {
            "name", "active", "amount", "amount_type", "sequence", "price_include_override", "include_base_amount",
            "is_base_affected", "children_tax_ids", "fiscal_position_ids", "original_tax_ids", "tax_group_id",
            "invoice_repartition_line_ids", "refund_repartition_line_ids", "repartition_line_ids",
        }
    )  # fmt: skip


class AccountFiscalPosition(models.Model):
    _name = "account.fiscal.position"
    _inherit = ["account.fiscal.position", "fynlo.menu.part"]
    _menu_fields = frozenset({"active", "company_id", "tax_ids"})

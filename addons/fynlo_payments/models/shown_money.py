"""Whole minor units shown as money, also in the totals of lists and pivots."""

from odoo import models
from odoo.addons.fynlo_pos_core.tools.money import to_major
from odoo.tools import SQL


class FynloShownMoney(models.AbstractModel):
    """``_shown`` names the monetary fields to show, each with the integer field behind it."""

    _name = "fynlo.shown.money"
    _description = "Shows minor units as money"

    _shown = {}

    def _compute_shown(self):
        for record in self:
            digits = record.currency_id.decimal_places
            for shown, minor in self._shown.items():
                record[shown] = to_major(record[minor], digits)

    def _field_to_sql(self, alias, field_expr, query=None):
        """What is not stored can be added up all the same."""
        if field_expr not in self._shown:
            return super()._field_to_sql(alias, field_expr, query)
        return SQL(
            "(%s / (SELECT 10 ^ money.decimal_places FROM res_currency money WHERE money.id = %s))",
            super()._field_to_sql(alias, self._shown[field_expr], query),
            super()._field_to_sql(alias, "currency_id", query),
        )

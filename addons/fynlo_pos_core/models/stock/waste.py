"""What leaves the stock at closing besides dishes: what was thrown away, and what modifiers take."""

from collections import defaultdict
from decimal import Decimal

from odoo import fields, models

WASTE = """
    SELECT line.product_id, line.fynlo_modifiers, line.fynlo_wasted
      FROM pos_order_line line
      JOIN pos_order o ON o.id = line.order_id
     WHERE o.session_id = %s AND o.state <> 'draft' AND line.fynlo_wasted > 0
     ORDER BY line.id
"""


class StockScrap(models.Model):
    _inherit = "stock.scrap"

    fynlo_session_id = fields.Many2one(
        "pos.session", "Till session", readonly=True, index="btree_not_null", help="Whose kitchen threw it away."
    )

    def _fynlo_of_till(self, session, product, quantity):
        """The values of a scrap of what a till session has thrown away."""
        return {
            "fynlo_session_id": session.id,
            "company_id": session.company_id.id,
            "origin": session.name,
            "product_id": product.id,
            "product_uom_id": product.uom_id.id,
            "scrap_qty": float(quantity),
            "location_id": session.config_id.picking_type_id.default_location_src_id.id,
            "scrap_reason_tag_ids": self.env.ref("fynlo_pos_core.scrap_reason_voided").ids,
        }


class PosSession(models.Model):
    _inherit = "pos.session"

    def _fynlo_move_stock(self):
        """Scrap first: what was thrown away left the room before the till was closed."""
        if self.company_id.fynlo_scrap_waste and self.config_id.picking_type_id.default_location_src_id:
            self._fynlo_scrap_waste()
        super()._fynlo_move_stock()

    def _fynlo_scrap_waste(self):
        """One scrap a product, booked by Odoo as any other.

        Goods that are tracked by lot are left to people, who alone know which lot it was.
        """
        scraps = self.env["stock.scrap"]
        for product, amount in self._fynlo_wasted().items():
            if product.type == "consu" and product.tracking == "none":
                scrap = scraps.create(scraps._fynlo_of_till(self, product, amount))
                scrap.do_scrap()
                scrap.flush_recordset(["scrap_qty"])  # of several at once Odoo's mrp reckons the first alone

    def _fynlo_wasted(self):
        """Product → how much of it was thrown away, ingredients of modifiers among it."""
        takes = self.env["fynlo.modifier"]._fynlo_ingredients(self.company_id)
        wasted = defaultdict(Decimal)
        self.env.flush_all()
        self.env.cr.execute(WASTE, (self.id,))
        for product_id, modifiers, amount in self.env.cr.fetchall():
            pieces = Decimal(str(amount))
            dish = self.env["product.product"].browse(product_id)
            for product, thrown in dish._fynlo_thrown_away(pieces, self.company_id):
                wasted[product] += thrown
            for ingredient, per in _ingredients(modifiers, takes):
                wasted[ingredient] += pieces * per
        return wasted


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _fynlo_thrown_away(self, amount, company):
        """What leaves the stock when so much of this is thrown away, as (product, amount); addons know recipes."""
        return [(self, amount)]


class FynloModifier(models.Model):
    _inherit = "fynlo.modifier"

    def _fynlo_ingredients(self, company):
        """Modifier uuid → (what it takes from stock, how much); archived modifiers were sold, too."""
        modifiers = self.sudo().with_context(active_test=False)
        found = modifiers.search([("company_id", "=", company.id), ("ingredient_quantity", ">", 0)])
        return {
            modifier.fynlo_uuid: (modifier.ingredient_id, Decimal(str(modifier.ingredient_quantity)))
            for modifier in found
            if modifier.ingredient_id
        }


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _create_move_from_pos_order_lines(self, lines):
        """Modifiers take their ingredients with the dishes that they were chosen for; refunds bring them back."""
        super()._create_move_from_pos_order_lines(lines)
        takes = self.env["fynlo.modifier"]._fynlo_ingredients(self.company_id)
        taken = defaultdict(Decimal)
        for line in lines:
            for ingredient, per in _ingredients(line.fynlo_modifiers, takes):
                taken[ingredient] += Decimal(str(abs(line.qty))) * per
        if taken:
            self._fynlo_move_ingredients(taken)

    def _fynlo_move_ingredients(self, taken):
        """Not merged with the moves of dishes, so that those stay what Odoo made them."""
        shared = {"picking_id": self.id, "picking_type_id": self.picking_type_id.id, "company_id": self.company_id.id}
        shared |= {"location_id": self.location_id.id, "location_dest_id": self.location_dest_id.id}
        moves = self.env["stock.move"].create(
            [
                {
                    **shared,
                    "product_id": product.id,
                    "product_uom": product.uom_id.id,
                    "product_uom_qty": float(amount),
                }
                for product, amount in taken.items()
            ]
        )
        moves = moves._action_confirm(merge=False)
        for move in moves:
            move.quantity = move.product_uom_qty
        moves.picked = True


def _ingredients(chosen, takes):
    """(product, amount) of what the modifiers of one piece take."""
    for modifier in chosen or ():
        if modifier["modifier_id"] in takes:
            ingredient, per = takes[modifier["modifier_id"]]
            yield ingredient, per * modifier["quantity"]

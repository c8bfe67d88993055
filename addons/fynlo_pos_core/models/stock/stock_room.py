"""The stock room: what a location has on hand, less what it has sold since stock was last moved.

Stock moves when a till is closed. Until then the sales of open sessions are subtracted here, read from
the order lines themselves, so that there is no second count that could drift away from them.
"""

from decimal import Decimal

from odoo import api, models

#: What was voided too late or cancelled leaves the room too: it is thrown away at closing.
LEFT = """
    WITH unmoved AS (
        SELECT o.id, o.state <> 'cancel' AS is_sold
          FROM pos_session session
          JOIN pos_config location ON location.id = session.config_id
          JOIN stock_picking_type type
            ON type.id = location.picking_type_id AND type.default_location_src_id = %(place)s
          JOIN pos_order o ON o.session_id = session.id
         WHERE session.state <> 'closed' AND session.update_stock_at_closing
           AND session.fynlo_stock_moved IS NOT TRUE AND o.id IS DISTINCT FROM %(order)s),
    moving AS NOT MATERIALIZED (
        SELECT line.product_id, line.fynlo_modifiers, coalesce(line.fynlo_wasted, 0) + CASE
               WHEN unmoved.is_sold AND (line.qty > 0 OR line.fynlo_restocked) THEN line.qty ELSE 0 END AS amount
          FROM unmoved
          JOIN pos_order_line line ON line.order_id = unmoved.id),
    gone AS (
        SELECT taker.product_id, taker.per * line.amount AS amount
          FROM unnest(%(dish_products)s::int[], %(dishes)s::int[], %(dish_pers)s::numeric[])
               AS taker(product_id, variant_id, per)
          JOIN moving line ON line.product_id = taker.variant_id
         UNION ALL
        SELECT taker.product_id, taker.per * (chosen ->> 'quantity')::numeric * line.amount
          FROM moving line
          CROSS JOIN LATERAL jsonb_array_elements(
               CASE jsonb_typeof(line.fynlo_modifiers) WHEN 'array' THEN line.fynlo_modifiers ELSE '[]' END) chosen
          JOIN unnest(%(modifier_products)s::int[], %(modifiers)s::text[], %(modifier_pers)s::numeric[])
               AS taker(product_id, uuid, per) ON taker.uuid = chosen ->> 'modifier_id'
         WHERE cardinality(%(modifiers)s::text[]) > 0),
    on_hand AS (
        SELECT quant.product_id, sum(quant.quantity - quant.reserved_quantity) AS amount
          FROM stock_quant quant
          JOIN stock_location place ON place.id = quant.location_id
          JOIN stock_location room ON room.id = %(place)s AND place.parent_path LIKE room.parent_path || '%%'
         WHERE quant.product_id = ANY(%(products)s)
         GROUP BY quant.product_id)
    SELECT wanted, coalesce(on_hand.amount, 0)
           - coalesce((SELECT sum(gone.amount) FROM gone WHERE gone.product_id = wanted), 0)
      FROM unnest(%(products)s) AS wanted
      LEFT JOIN on_hand ON on_hand.product_id = wanted
"""


class FynloStockRoom(models.AbstractModel):
    _name = "fynlo.stock.room"
    _description = "What a location has left"

    @api.model
    def _left(self, place_id, takers, product_ids, *, except_order=None):
        """Product id → what is left of it in the room ``place_id``, in its own unit; below zero when oversold.

        ``takers`` says what is made of each product, see :class:`~...engine.facts.LocationFacts`. The
        lines of ``except_order`` do not count. One query, bounded by the orders of open sessions.
        """
        values = {"place": place_id, "products": sorted(product_ids), "order": except_order}
        self.env.cr.execute(LEFT, values | _columns(takers, product_ids))
        return {product_id: _decimal(amount) for product_id, amount in self.env.cr.fetchall()}

    @api.model
    def _left_for_order(self, facts, product_ids, order_id):
        """What there is for one order. Where sales below nothing are refused, orders of one product follow each other.

        The lock comes first: the count that follows sees what the order before has sold.
        """
        if facts.stock_policy == "refuse":
            self.env.cr.execute(
                "SELECT pg_advisory_xact_lock(%s, product_id) FROM unnest(%s) AS product_id",
                (facts.stock_place_id, sorted(product_ids)),
            )
        return self._left(facts.stock_place_id, facts.takers, product_ids, except_order=order_id)


def _columns(takers, product_ids):
    """The takers of these products as columns for SQL: dishes by variant id, modifiers by uuid."""
    rows = [(product_id, *taker) for product_id in product_ids for taker in takers.get(product_id, ())]
    dishes = [(product_id, variant_id, per) for product_id, variant_id, _uuid, per in rows if variant_id]
    modifiers = [(product_id, uuid, per) for product_id, _variant, uuid, per in rows if uuid]
    return {
        "dish_products": [row[0] for row in dishes],
        "dishes": [row[1] for row in dishes],
        "dish_pers": [row[2] for row in dishes],
        "modifier_products": [row[0] for row in modifiers],
        "modifiers": [row[1] for row in modifiers],
        "modifier_pers": [row[2] for row in modifiers],
    }


def _decimal(amount):
    """An amount of stock as people count it; columns of floats add up to 0.30000000000000004."""
    return Decimal(str(round(amount, 6)))

"""What a till's report adds up, one statement a section; all amounts in the currency's major unit."""

#: Orders by state, and the span of their numbers.
ORDERS = """
    SELECT count(*) FILTER (WHERE state IN ('paid', 'done', 'invoiced') AND is_refund IS NOT TRUE) AS completed,
           count(*) FILTER (WHERE state = 'cancel') AS cancelled,
           count(*) FILTER (WHERE state = 'draft') AS open,
           coalesce(sum(customer_count) FILTER (WHERE state IN ('paid', 'done', 'invoiced')), 0) AS guests,
           (array_agg(coalesce(fynlo_number, name) ORDER BY id) FILTER (WHERE is_refund IS NOT TRUE))[1]
               AS first_number,
           (array_agg(coalesce(fynlo_number, name) ORDER BY id DESC) FILTER (WHERE is_refund IS NOT TRUE))[1]
               AS last_number,
           count(*) FILTER (WHERE state IN ('paid', 'done', 'invoiced') AND amount_total < 0) AS refund_count,
           coalesce(sum(-amount_total) FILTER (WHERE state IN ('paid', 'done', 'invoiced') AND amount_total < 0), 0)
               AS refund_amount
      FROM pos_order WHERE session_id = %(session)s
"""

#: What was sold, by the set of taxes that a line carries; tips are not sales.
BY_TAX = """
    SELECT taxes.ids, coalesce(sum(line.price_subtotal), 0) AS net, coalesce(sum(line.price_subtotal_incl), 0) AS gross
      FROM pos_order_line line
      JOIN pos_order o ON o.id = line.order_id
      CROSS JOIN LATERAL (SELECT ARRAY(SELECT account_tax_id FROM account_tax_pos_order_line_rel rel
                                        WHERE rel.pos_order_line_id = line.id ORDER BY 1) AS ids) taxes
     WHERE o.session_id = %(session)s AND o.state IN ('paid', 'done', 'invoiced')
       AND line.product_id IS DISTINCT FROM %(tip)s AND line.fynlo_state = 'active'
       AND NOT EXISTS (SELECT 1 FROM pos_order_line part WHERE part.combo_parent_id = line.id)
     GROUP BY taxes.ids ORDER BY gross DESC
"""

#: What was sold, by the product's first till category.
BY_CATEGORY = """
    SELECT category.id,
           coalesce(sum(line.qty) FILTER (WHERE line.fynlo_allowance IS NOT TRUE), 0) AS quantity,
           sum(line.price_subtotal) AS net, sum(line.price_subtotal_incl) AS gross
      FROM pos_order_line line
      JOIN pos_order o ON o.id = line.order_id
      JOIN product_product variant ON variant.id = line.product_id
      LEFT JOIN LATERAL (
           SELECT pos_category.id
             FROM pos_category_product_template_rel rel
             JOIN pos_category ON pos_category.id = rel.pos_category_id
            WHERE rel.product_template_id = variant.product_tmpl_id
            ORDER BY pos_category.sequence, pos_category.id LIMIT 1) category ON TRUE
     WHERE o.session_id = %(session)s AND o.state IN ('paid', 'done', 'invoiced')
       AND line.product_id IS DISTINCT FROM %(tip)s AND line.fynlo_state = 'active'
       AND NOT EXISTS (SELECT 1 FROM pos_order_line part WHERE part.combo_parent_id = line.id)
     GROUP BY category.id ORDER BY gross DESC, category.id
"""

#: Money taken by payment method, change given back already taken off.
PAYMENTS = """
    SELECT payment.payment_method_id AS method, count(*) FILTER (WHERE NOT coalesce(payment.is_change, FALSE)) AS count,
           sum(payment.amount) AS amount
      FROM pos_payment payment JOIN pos_order o ON o.id = payment.pos_order_id
     WHERE o.session_id = %(session)s AND o.state IN ('paid', 'done', 'invoiced')
     GROUP BY payment.payment_method_id ORDER BY payment.payment_method_id
"""

#: Tips, service charge and surcharges: lines of products of their own.
EXTRAS = """
    SELECT coalesce(sum(line.price_subtotal_incl) FILTER (WHERE line.product_id = %(tip)s), 0) AS tips,
           coalesce(sum(line.price_subtotal_incl) FILTER (WHERE line.product_id = %(service)s), 0) AS service_charge,
           coalesce(sum(line.price_subtotal_incl) FILTER (WHERE line.product_id = %(surcharge)s), 0) AS surcharges
      FROM pos_order_line line JOIN pos_order o ON o.id = line.order_id
     WHERE o.session_id = %(session)s AND o.state IN ('paid', 'done', 'invoiced')
"""

#: What rounding cash to the coins in use gained (below 0: lost), in minor units.
ROUNDING = """
    SELECT coalesce(sum(fynlo_rounding), 0) AS amount
      FROM pos_order WHERE session_id = %(session)s AND state IN ('paid', 'done', 'invoiced')
"""

#: Discounts and comps (a comp is a discount of everything that no discount record stands for), in minor units.
DISCOUNTS = """
    SELECT (given ->> 'discount_id' IS NULL AND given ->> 'kind' = 'percent') AS comp,
           count(*) AS count, coalesce(sum((given ->> 'amount')::bigint), 0) AS amount
      FROM pos_order o
      CROSS JOIN LATERAL jsonb_array_elements(
          CASE WHEN jsonb_typeof(o.fynlo_discounts) = 'array' THEN o.fynlo_discounts ELSE '[]'::jsonb END) given
     WHERE o.session_id = %(session)s AND o.state IN ('paid', 'done', 'invoiced')
     GROUP BY 1
"""

#: Lines taken off, at what they would have cost.
VOIDS = """
    SELECT count(*) FILTER (WHERE line.combo_parent_id IS NULL) AS count,
           coalesce(sum(line.price_unit * (line.fynlo_void ->> 'quantity')::numeric), 0) AS amount
      FROM pos_order_line line JOIN pos_order o ON o.id = line.order_id
     WHERE o.session_id = %(session)s AND line.fynlo_state = 'voided'
"""

#: Cash moved without a sale, in minor units.
MOVEMENTS = """
    SELECT kind, count(*) AS count, sum(amount) AS amount
      FROM fynlo_cash_movement WHERE session_id = %(session)s GROUP BY kind ORDER BY kind
"""

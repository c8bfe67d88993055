"""The SQL of the menu: one statement a part, put together by ``menu.py``.

Raw SQL because a menu takes a few columns of hundreds of rows, and the ORM reads them many times
slower. Names are read in the company's language.
"""

LOCATION = """
    SELECT c.id AS location_id, c.fynlo_uuid AS location_uuid, c.company_id, c.fynlo_time_zone, c.fynlo_day_start,
           COALESCE(c.use_presets, FALSE) AS use_presets, COALESCE(c.default_preset_id, 0) AS default_preset_id,
           COALESCE(c.limit_categories, FALSE) AS limit_categories,
           CASE WHEN c.use_pricelist THEN c.pricelist_id END AS pricelist_id,
           u.name AS currency, u.decimal_places AS digits, u.id <> o.currency_id AS is_foreign,
           o.account_price_include = 'tax_included' AS company_includes_tax,
           string_to_array(trim(BOTH '/' FROM o.parent_path), '/')::int[] AS tax_company_ids,
           COALESCE(p.lang, 'en_US') AS lang,
           CASE WHEN o.fynlo_cache_shared THEN o.fynlo_cache_hours * 3600 ELSE 0 END AS cache_s
      FROM pos_config c
      JOIN res_company o ON o.id = c.company_id
      JOIN res_partner p ON p.id = o.partner_id
      JOIN res_currency u ON u.id = COALESCE(c.currency_id, o.currency_id)
     WHERE c.id = %(location_id)s
"""

#: What the location sells, and the parts of its combos; a part that is not sold itself is not ``alone``.
ON_MENU = """
    WITH sold AS (
        SELECT t.id
          FROM product_template t
         WHERE t.active AND t.available_in_pos AND t.sale_ok
           AND (t.company_id IS NULL OR t.company_id = %(company_id)s)
           AND t.id <> ALL(%(special_ids)s)
           AND (NOT %(limit_categories)s OR EXISTS (
                SELECT 1 FROM pos_category_product_template_rel c
                  JOIN pos_category_pos_config_rel l ON l.pos_category_id = c.pos_category_id
                 WHERE c.product_template_id = t.id AND l.pos_config_id = %(location_id)s))
    )
    SELECT id, TRUE AS alone FROM sold
     UNION ALL
    SELECT DISTINCT p.product_tmpl_id, FALSE
      FROM sold
      JOIN product_combo_product_template_rel r ON r.product_template_id = sold.id
      JOIN product_combo_item i ON i.combo_id = r.product_combo_id
      JOIN product_product p ON p.id = i.product_id AND p.active
      JOIN product_template t ON t.id = p.product_tmpl_id AND t.active
     WHERE p.product_tmpl_id NOT IN (SELECT id FROM sold)
"""

PRODUCTS = """
    SELECT t.id, t.fynlo_uuid AS uuid, t.pos_sequence AS position, t.type = 'combo' AS is_combo,
           COALESCE(t.name->>%(lang)s, t.name->>'en_US') AS name,
           COALESCE(t.fynlo_open_price, FALSE) AS open_price,
           COALESCE(t.public_description->>%(lang)s, t.public_description->>'en_US', '') AS description_html,
           COALESCE(t.description_sale->>%(lang)s, t.description_sale->>'en_US', '') AS description,
           picture.checksum AS image
      FROM product_template t
      LEFT JOIN ir_attachment picture
        ON picture.res_model = 'product.template' AND picture.res_field = 'image_512' AND picture.res_id = t.id
     WHERE t.id = ANY(%(product_ids)s)
     ORDER BY t.pos_sequence, t.id
"""

#: What belongs to each product, in the order in which it is shown; a tax by its id, the others by their names outside.
LINKS = """
    SELECT 'category_ids' AS kind, r.product_template_id AS product_id, c.fynlo_uuid AS value, c.sequence, c.id
      FROM pos_category_product_template_rel r
      JOIN pos_category c ON c.id = r.pos_category_id
     WHERE r.product_template_id = ANY(%(sold_ids)s)
     UNION ALL
    SELECT 'allergens', r.product_tmpl_id, a.code, a.sequence, a.id
      FROM fynlo_allergen_product_rel r
      JOIN fynlo_allergen a ON a.id = r.allergen_id
     WHERE r.product_tmpl_id = ANY(%(product_ids)s)
     UNION ALL
    SELECT 'modifier_group_ids', r.product_tmpl_id, g.fynlo_uuid, g.sequence, g.id
      FROM fynlo_modifier_group_product_rel r
      JOIN fynlo_modifier_group g ON g.id = r.group_id AND g.active AND g.company_id = %(company_id)s
     WHERE r.product_tmpl_id = ANY(%(product_ids)s)
     UNION ALL
    SELECT 'tax_ids', r.prod_id, x.id::text, x.sequence, x.id
      FROM product_taxes_rel r
      JOIN account_tax x ON x.id = r.tax_id AND x.active AND x.company_id = ANY(%(tax_company_ids)s)
     WHERE r.prod_id = ANY(%(product_ids)s)
     ORDER BY kind, product_id, sequence, id
"""

VARIANTS = """
    SELECT p.id, p.product_tmpl_id, p.fynlo_uuid AS uuid, p.default_code AS sku, p.barcode,
           COALESCE(t.list_price, 0) + COALESCE(kind.extra, 0) AS price, COALESCE(kind.name, '') AS name
      FROM product_product p
      JOIN product_template t ON t.id = p.product_tmpl_id
      LEFT JOIN LATERAL (
           SELECT sum(v.price_extra) AS extra, min(a.sequence) AS place, min(a.id) AS place_id,
                  string_agg(COALESCE(a.name->>%(lang)s, a.name->>'en_US'), ', ' ORDER BY l.sequence, l.id) AS name
             FROM product_variant_combination k
             JOIN product_template_attribute_value v ON v.id = k.product_template_attribute_value_id
             JOIN product_attribute_value a ON a.id = v.product_attribute_value_id
             JOIN product_template_attribute_line l ON l.id = v.attribute_line_id
            WHERE k.product_product_id = p.id) kind ON TRUE
     WHERE p.product_tmpl_id = ANY(%(product_ids)s) AND p.active
     ORDER BY p.product_tmpl_id, kind.place, kind.place_id, p.id
"""

#: The categories of the products, and those above them.
CATEGORIES = """
    WITH RECURSIVE shown AS (
        SELECT c.id, c.parent_id
          FROM pos_category c
          JOIN pos_category_product_template_rel r ON r.pos_category_id = c.id
         WHERE r.product_template_id = ANY(%(sold_ids)s)
         UNION
        SELECT c.id, c.parent_id FROM pos_category c JOIN shown ON c.id = shown.parent_id
    )
    SELECT c.fynlo_uuid AS uuid, above.fynlo_uuid AS parent_uuid, c.sequence AS position, c.color,
           COALESCE(c.name->>%(lang)s, c.name->>'en_US') AS name
      FROM pos_category c
      LEFT JOIN pos_category above ON above.id = c.parent_id
     WHERE c.id IN (SELECT id FROM shown)
     ORDER BY c.sequence, c.name->>'en_US', c.id
"""

MODIFIER_GROUPS = """
    SELECT g.id, g.fynlo_uuid AS uuid, COALESCE(g.name->>%(lang)s, g.name->>'en_US') AS name,
           g.min_choices, g.max_choices, g.free_choices
      FROM fynlo_modifier_group g
     WHERE g.active AND g.company_id = %(company_id)s
       AND EXISTS (SELECT 1 FROM fynlo_modifier_group_product_rel r
                    WHERE r.group_id = g.id AND r.product_tmpl_id = ANY(%(product_ids)s))
     ORDER BY g.sequence, g.id
"""

MODIFIERS = """
    SELECT m.id, m.group_id, m.fynlo_uuid AS uuid, COALESCE(m.name->>%(lang)s, m.name->>'en_US') AS name,
           COALESCE(m.price, 0) AS price
      FROM fynlo_modifier m
      JOIN fynlo_modifier_group g ON g.id = m.group_id AND g.active AND g.company_id = %(company_id)s
     WHERE m.active
     ORDER BY m.group_id, m.sequence, m.id
"""

COMBO_CHOICES = """
    SELECT combo.id AS product_tmpl_id, combo.fynlo_uuid AS product_uuid,
           c.fynlo_uuid AS uuid, c.name, c.qty_max, c.qty_free,
           array_agg(p.fynlo_uuid ORDER BY i.id) AS variant_ids,
           array_agg(COALESCE(i.extra_price, 0) ORDER BY i.id) AS extra_prices
      FROM product_combo_product_template_rel r
      JOIN product_template combo ON combo.id = r.product_template_id AND combo.type = 'combo'
      JOIN product_combo c ON c.id = r.product_combo_id
      JOIN product_combo_item i ON i.combo_id = c.id
      JOIN product_product p ON p.id = i.product_id AND p.active
      JOIN product_template t ON t.id = p.product_tmpl_id AND t.active
     WHERE r.product_template_id = ANY(%(sold_ids)s)
     GROUP BY combo.id, c.id
     ORDER BY combo.id, c.sequence, c.id
"""

#: The taxes of the products, the parts of group taxes, and what presets replace them with.
TAXES = """
    WITH RECURSIVE used AS (
        SELECT unnest(%(tax_ids)s::int[]) AS id
         UNION
        SELECT wider.id
          FROM used
          CROSS JOIN LATERAL (
               SELECT f.child_tax AS id FROM account_tax_filiation_rel f WHERE f.parent_tax = used.id
                UNION ALL
               SELECT a.dest_tax_id FROM account_tax_alternatives a
                 JOIN account_fiscal_position_account_tax_rel f ON f.account_tax_id = a.dest_tax_id
                WHERE a.src_tax_id = used.id AND f.account_fiscal_position_id = ANY(%(fiscal_position_ids)s)) wider
    )
    SELECT x.id, x.fynlo_uuid AS uuid, COALESCE(x.name->>%(lang)s, x.name->>'en_US') AS name, x.amount, x.amount_type,
           COALESCE(x.price_include_override = 'tax_included', %(company_includes_tax)s) AS included,
           ARRAY(SELECT f.child_tax FROM account_tax_filiation_rel f
                   JOIN account_tax child ON child.id = f.child_tax AND child.active
                  WHERE f.parent_tax = x.id ORDER BY child.sequence, child.id) AS children
      FROM account_tax x
     WHERE x.id IN (SELECT id FROM used) AND x.active
     ORDER BY x.sequence, x.id
"""

PRESETS = """
    SELECT s.fynlo_uuid AS uuid, COALESCE(s.name->>%(lang)s, s.name->>'en_US') AS name, s.fynlo_kind AS kind,
           s.fiscal_position_id
      FROM pos_preset s
     WHERE %(use_presets)s AND NOT COALESCE(s.is_return, FALSE)
       AND (s.id = %(default_preset_id)s OR s.id IN (
            SELECT pos_preset_id FROM pos_config_pos_preset_rel WHERE pos_config_id = %(location_id)s))
     ORDER BY s.id = %(default_preset_id)s DESC, s.id
"""

DISCOUNTS = """
    SELECT d.fynlo_uuid AS uuid, COALESCE(d.name->>%(lang)s, d.name->>'en_US') AS name, d.kind, d.value_bp,
           COALESCE(d.amount, 0) AS amount, d.scope, d.permission
      FROM fynlo_discount d
     WHERE d.active AND d.company_id = %(company_id)s
     ORDER BY d.sequence, d.id
"""

TABLES = """
    SELECT f.fynlo_uuid AS floor_uuid, f.name AS floor_name, t.fynlo_uuid AS uuid, t.table_number::text AS name,
           t.seats, t.position_h, t.position_v, t.width, t.height, t.shape
      FROM restaurant_floor f
      JOIN pos_config_restaurant_floor_rel r ON r.restaurant_floor_id = f.id AND r.pos_config_id = %(location_id)s
      LEFT JOIN restaurant_table t ON t.floor_id = f.id AND t.active
     WHERE f.active
     ORDER BY f.sequence, f.name, f.id, t.table_number, t.id
"""

AVAILABILITY = """
    SELECT a.product_tmpl_id, a.product_id, a.modifier_id, a.available,
           CASE WHEN a.counted THEN a.countdown END AS stock
      FROM fynlo_availability a
     WHERE a.config_id = %(location_id)s
"""

#: When a rule of the price list next begins or ends.
NEXT_PRICE_CHANGE = """
    SELECT min(moment)
      FROM (SELECT date_start AS moment FROM product_pricelist_item WHERE pricelist_id = %(pricelist_id)s
             UNION ALL
            SELECT date_end FROM product_pricelist_item WHERE pricelist_id = %(pricelist_id)s) moments
     WHERE moment > %(moment)s
"""

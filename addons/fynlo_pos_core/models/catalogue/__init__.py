from . import catalogue_version, menu_part, catalogue_entry, catalogue_desk  # before what inherits them
from . import allergen, discount, modifier
from . import account_tax, pos_category, pos_preset, product, product_attribute, product_combo
from . import product_pricelist, product_pricelist_item
from . import availability, availability_board, cash_rounding, countdown, location_menu, restaurant_floor
from . import menu, variant_price
from . import price_window, pricing_policy

from . import categories, discounts, menu, modifier_groups, price_lists, products

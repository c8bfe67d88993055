from . import categories, discounts, menu, modifier_groups, products

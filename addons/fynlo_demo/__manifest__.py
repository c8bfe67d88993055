{
    "name": "Fynlo POS Demo",
    "summary": "A demo restaurant: menu, tables, people, tills, and a year of orders to load",
    "version": "19.0.1.2.0",
    "license": "LGPL-3",
    "author": "Fynlo",
    "website": "https://fynlo.example",
    "category": "Sales/Point of Sale",
    "depends": ["fynlo_pos_core", "fynlo_payments", "l10n_uk"],
    "post_init_hook": "post_init_hook",
}

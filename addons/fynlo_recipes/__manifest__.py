{
    "name": "Fynlo Recipes",
    "summary": "Dishes made of ingredients: Odoo's kits on tills",
    "version": "19.0.1.2.0",
    "license": "LGPL-3",
    "author": "Fynlo",
    "website": "https://fynlo.example",
    "category": "Sales/Point of Sale",
    "depends": ["fynlo_payments", "pos_mrp"],
    "auto_install": True,
}

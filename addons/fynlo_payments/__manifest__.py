{
    "name": "Fynlo Payments",
    "summary": "Payments taken on tills, whatever the tender",
    "version": "19.0.1.2.0",
    "license": "LGPL-3",
    "author": "Fynlo",
    "website": "https://fynlo.example",
    "category": "Sales/Point of Sale",
    "depends": ["fynlo_pos_core"],
    "data": [
        "security/ir.model.access.csv",
        "security/payment_rules.xml",
        "security/refund_rules.xml",
        "views/payment_views.xml",
        "views/refund_views.xml",
        "views/order_views.xml",
    ],
}

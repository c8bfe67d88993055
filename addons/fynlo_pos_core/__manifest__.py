{
    "name": "Fynlo POS Core",
    "summary": "REST back end for restaurant tills: identity, catalogue, orders, cash, events",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "author": "Fynlo",
    "website": "https://fynlo.example",
    "category": "Sales/Point of Sale",
    "depends": ["point_of_sale", "pos_restaurant", "pos_hr", "stock_account", "auth_totp", "mail"],
    "external_dependencies": {"python": ["pydantic", "PyJWT", "cryptography", "argon2-cffi", "redis", "qrcode"]},
    "data": ["security/ir.model.access.csv", "views/api_docs_templates.xml"],
    "application": True,
    "post_init_hook": "post_init_hook",
}

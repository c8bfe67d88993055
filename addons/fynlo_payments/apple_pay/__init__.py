"""Apple Pay without Odoo: payment tokens are verified and opened, merchant sessions are asked for."""

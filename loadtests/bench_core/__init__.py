"""The menu against stock Odoo's and the hottest reads, beside their budget."""

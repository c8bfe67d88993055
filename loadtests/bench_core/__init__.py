"""Ours against stock Odoo in one run: orders, payments, the menu and the hottest reads, beside their budget."""

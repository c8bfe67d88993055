"""Every figure of an order against stock Odoo in one run: cost, throughput, contention, pricing."""

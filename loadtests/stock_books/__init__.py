"""The same orders made by us and by stock Odoo, closed by both: the books must be equal."""

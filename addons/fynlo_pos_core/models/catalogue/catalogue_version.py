"""Version of a company's menu: tills and caches compare it to know whether theirs is current."""

from odoo import fields, models


class FynloCatalogue(models.Model):
    _name = "fynlo.catalogue"
    _description = "Catalogue version"
    _log_access = False
    _rec_name = "company_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    version = fields.Integer(default=1, required=True, readonly=True)

    _company_unique = models.UniqueIndex("(company_id)")

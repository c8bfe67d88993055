"""Guests as orders name them."""

from odoo import models


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "fynlo.resource.mixin"]
    _resource_name = "customer"

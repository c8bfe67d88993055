"""Permissions: verbs on resources. Every API route names one."""

from odoo import api, fields, models

from . import roles


class FynloPermission(models.Model):
    """Which permissions exist. Who has them is ``fynlo.permission.map``."""

    _name = "fynlo.permission"
    _description = "Permission"
    _order = "resource, code"

    code = fields.Char(required=True, help="Resource and verb, e.g. order.void")
    name = fields.Char(required=True, translate=True)
    description = fields.Text(translate=True)
    resource = fields.Char(compute="_compute_resource", store=True)
    lowest_role = fields.Selection(
        roles.SELECTION,
        required=True,
        default="owner",
        help="A new company gives the permission to this role and to those above it.",
    )

    _code_unique = models.UniqueIndex("(code)", "There is already a permission with this code.")

    @api.depends("code")
    def _compute_resource(self):
        for permission in self:
            permission.resource = (permission.code or "").partition(".")[0]

    @api.model_create_multi
    def create(self, vals_list):
        permissions = super().create(vals_list)
        self.env["fynlo.permission.map"].sudo()._fill(self.env["res.company"].sudo().search([]))
        return permissions

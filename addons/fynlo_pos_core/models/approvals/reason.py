"""Reasons: what tills offer when something is voided, given away, discounted or refunded."""

from odoo import api, fields, models

#: Reasons of a new company.
DEFAULTS = (
    ("void", ("Wrong item", "Changed their mind", "Kitchen mistake", "Dropped")),
    ("comp", ("Birthday", "Long wait", "Complaint", "Staff meal")),
    ("discount", ("Regular guest", "Complaint", "Staff", "Promotion")),
    ("refund", ("Complaint", "Wrong order", "Charged twice", "Not received")),
    ("cancel", ("Guests left", "Ordered twice", "Test")),
    ("drawer", ("Change for a guest", "Counting", "Supplier")),
)
KINDS = [
    ("void", "Void"),
    ("comp", "Comp"),
    ("discount", "Discount"),
    ("refund", "Refund"),
    ("cancel", "Cancelled order"),
    ("drawer", "Drawer opened"),
]


class FynloReason(models.Model):
    """Tills send the text of the reason, so what was said stays though the list changes."""

    _name = "fynlo.reason"
    _inherit = ["fynlo.resource.mixin"]
    _description = "Reason"
    _order = "kind, sequence, id"
    _resource_name = "reason"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True, ondelete="cascade"
    )
    kind = fields.Selection(KINDS, required=True)
    name = fields.Char(required=True, translate=True, size=200)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    @api.model
    def _fill(self, companies=None):
        """Give companies that have no reason yet the usual ones."""
        companies = companies or self.env["res.company"].sudo().search([])
        known = self.sudo().with_context(active_test=False).search([("company_id", "in", companies.ids)]).company_id
        self.sudo().create(
            [
                {"company_id": company.id, "kind": kind, "name": name, "sequence": 10 * place}
                for company in companies - known
                for kind, names in DEFAULTS
                for place, name in enumerate(names, 1)
            ]
        )

    @api.model
    def _list(self, identity, kind=None):
        """The company's reasons, of one kind or all."""
        domain = [("company_id", "=", identity.company_id), *([("kind", "=", kind)] if kind else [])]
        return {"items": [reason._api_values() for reason in self.sudo().search(domain)]}

    def _api_values(self):
        return {"id": self.fynlo_uuid, "kind": self.kind, "name": self.name}


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model_create_multi
    def create(self, vals_list):
        """A new company starts with the usual reasons and approval rules."""
        companies = super().create(vals_list)
        self.env["fynlo.reason"]._fill(companies)
        self.env["fynlo.approval.policy"]._fill(companies)
        return companies

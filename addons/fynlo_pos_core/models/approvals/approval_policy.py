"""Approval policy: what each role may do alone, and from which amount on somebody must approve."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...engine.allowance import PolicyRule
from ...tools.money import to_major, to_minor
from ..identity import roles
from .approval_states import ACTIONS

#: (action, role, needs, limit in minor units) of a new company; without a rule the permission map decides.
DEFAULTS = (
    ("order.void", "cashier", "above", 5_000),
    ("order.cancel", "cashier", "above", 5_000),
    ("order.comp", "supervisor", "above", 10_000),
    ("refund.create", "cashier", "always", 0),
    ("refund.create", "supervisor", "above", 10_000),
    ("refund.other_tender", "supervisor", "above", 5_000),
)


class FynloApprovalPolicy(models.Model):
    """One rule for an action and a role. A rule of a location goes before the company's.

    Where no rule speaks, whoever holds the action's permission needs nobody.
    """

    _name = "fynlo.approval.policy"
    _description = "Approval policy"
    _inherit = ["fynlo.menu.part"]
    _order = "company_id, action, config_id, role"
    _rec_name = "action"
    # tills' requests read the rules with the other facts of their location
    _menu_fields = frozenset({"company_id", "config_id", "action", "role", "needs", "limit_amount"})

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True, ondelete="cascade"
    )
    config_id = fields.Many2one(
        "pos.config", "Location", check_company=True, ondelete="cascade", help="Empty: every location of the company."
    )
    action = fields.Selection(ACTIONS, required=True)
    role = fields.Selection(roles.SELECTION, required=True)
    needs = fields.Selection(
        [("never", "Never"), ("above", "Above the limit"), ("always", "Always")],
        "Needs approval",
        required=True,
        default="above",
    )
    limit_amount = fields.Integer("Limit (minor units)", default=0, required=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    limit_shown = fields.Monetary("Limit", compute="_compute_limit_shown", inverse="_inverse_limit_shown")

    _rule_unique = models.UniqueIndex(
        "(company_id, coalesce(config_id, 0), action, role)", "There is a rule for this action and role already."
    )
    _limit_positive = models.Constraint("CHECK(limit_amount >= 0)", "A limit cannot be negative.")

    @api.depends("limit_amount", "currency_id")
    def _compute_limit_shown(self):
        for rule in self:
            rule.limit_shown = to_major(rule.limit_amount, rule.currency_id.decimal_places)

    def _inverse_limit_shown(self):
        for rule in self:
            rule.limit_amount = to_minor(rule.limit_shown, rule.currency_id.decimal_places)

    @api.constrains("role", "needs")
    def _check_owner(self):
        if any(rule.role == "owner" and rule.needs != "never" for rule in self):
            raise ValidationError(self.env._("An owner needs nobody's approval."))

    @api.model
    def _of(self, location):
        """The rules at ``location`` by (action, role)."""
        rules = self.sudo().search(
            [("company_id", "=", location.company_id.id), ("config_id", "in", [False, location.id])]
        )
        by_key = {}
        for rule in rules.sorted(lambda rule: bool(rule.config_id)):
            by_key[rule.action, rule.role] = PolicyRule(rule.needs, rule.limit_amount)
        return by_key

    @api.model
    def _fill(self, companies=None):
        """Give companies that have no rule yet the usual ones."""
        companies = companies or self.env["res.company"].sudo().search([])
        known = self.sudo().search([("company_id", "in", companies.ids)]).company_id
        self.sudo().create(
            [
                {"company_id": company.id, "action": action, "role": role, "needs": needs, "limit_amount": limit}
                for company in companies - known
                for action, role, needs, limit in DEFAULTS
            ]
        )

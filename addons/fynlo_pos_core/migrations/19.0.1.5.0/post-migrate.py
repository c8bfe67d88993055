"""Companies of before have no rule for refunds by another tender, so supervisors gave back any amount alone."""

from odoo import SUPERUSER_ID, api
from odoo.addons.fynlo_pos_core.models.approvals.approval_policy import DEFAULTS

ACTION = "refund.other_tender"


def migrate(cr, version):
    """May run again: a company that says anything of it keeps what it says, and one without any rule keeps none."""
    policies = api.Environment(cr, SUPERUSER_ID, {})["fynlo.approval.policy"]
    with_rules = policies.search([]).company_id
    decided = policies.search([("action", "=", ACTION)]).company_id
    policies.create(
        [
            {"company_id": company.id, "action": action, "role": role, "needs": needs, "limit_amount": limit}
            for company in with_rules - decided
            for action, role, needs, limit in DEFAULTS
            if action == ACTION
        ]
    )

"""An upgrade gives companies of before the rule that they lack, and touches no other."""

from odoo.tests import TransactionCase, tagged

from .upgrade import run_migration


@tagged("post_install", "-at_install")
class TestApprovalUpgrade(TransactionCase):
    def rules(self, company):
        found = self.env["fynlo.approval.policy"].search([("company_id", "=", company.id)])
        return sorted((rule.action, rule.role, rule.needs, rule.limit_amount) for rule in found)

    def company(self, name):
        company = self.env["res.company"].create({"name": name})
        self.env["fynlo.approval.policy"]._fill(company)
        return company, self.env["fynlo.approval.policy"].search([("company_id", "=", company.id)])

    def upgrade(self):
        run_migration(self.env.cr, "fynlo_pos_core", "19.0.1.5.0")
        self.env.invalidate_all()

    def test_who_lacks_the_rule_gets_it_once(self):
        company, rules = self.company("Of before")
        wanted = self.rules(company)
        rules.filtered(lambda rule: rule.action == "refund.other_tender").unlink()
        self.assertNotEqual(self.rules(company), wanted)
        for _ in range(2):
            self.upgrade()
            self.assertEqual(self.rules(company), wanted)

    def test_whoever_decided_otherwise_keeps_that(self):
        lenient, rules = self.company("Lenient")
        rules.filtered(lambda rule: rule.action == "refund.other_tender").write({"needs": "never", "limit_amount": 0})
        trusting, rules = self.company("Trusting")
        rules.unlink()
        before = self.rules(lenient)
        self.upgrade()
        self.assertEqual(self.rules(lenient), before)
        self.assertEqual(self.rules(trusting), [])

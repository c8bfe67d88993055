"""Does what providers report agree with the ledger? Differences that nobody looked at raise an alert."""

from odoo import models
from odoo.addons.fynlo_pos_core.engine.health import Reading

#: By company: differences that are open, payouts that do not add up, and accounts that were not read for two days.
LEFT = """
    SELECT company.id AS company_id, company.fynlo_uuid AS key, company.name,
           coalesce(lost.count, 0) AS differences, coalesce(paid.count, 0) AS payouts, coalesce(mute.count, 0) AS unread
      FROM res_company company
      LEFT JOIN (SELECT company_id, count(*) FROM fynlo_reconciliation_difference WHERE state = 'open' GROUP BY 1) lost
             ON lost.company_id = company.id
      LEFT JOIN (SELECT company_id, count(*) FROM fynlo_payout WHERE verdict = 'differs' GROUP BY 1) paid
             ON paid.company_id = company.id
      LEFT JOIN (SELECT company_id, count(*) FROM fynlo_settlement_account
                  WHERE coalesce(read_at, create_date) < (now() AT TIME ZONE 'UTC') - interval '2 days' GROUP BY 1) mute
             ON mute.company_id = company.id
     WHERE EXISTS (SELECT FROM fynlo_reconciliation day WHERE day.company_id = company.id)
        OR EXISTS (SELECT FROM fynlo_settlement_account account WHERE account.company_id = company.id)
"""


class FynloHealth(models.AbstractModel):
    _inherit = "fynlo.health"

    def _health_checks(self):
        return super()._health_checks() | {"reconciliation": self._reconciliation}

    def _reconciliation(self):
        """Things to look at in each company's reconciliation."""
        return [
            Reading(
                row["differences"] + row["payouts"] + row["unread"],
                self._reconciliation_words(row),
                kind="company",
                key=row["key"],
                name=row["name"],
                company_id=row["company_id"],
            )
            for row in self._rows(LEFT)
        ]

    def _reconciliation_words(self, row):
        words = []
        if row["differences"]:
            words.append(self.env._("%s differences", row["differences"]))
        if row["payouts"]:
            words.append(self.env._("%s payouts that do not add up", row["payouts"]))
        if row["unread"]:
            words.append(self.env._("%s accounts not read for two days", row["unread"]))
        return ", ".join(words)

"""What a company owes Fynlo for a month: added up from the revenue ledger, one row a tender and currency."""

import csv
import io

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.tools.money import to_major
from odoo.tools import SQL

#: The months are those of UTC, the same for everybody. Rows are never changed, so a month that is over stays as it is.
STATEMENTS = """
    SELECT min(earned.id) AS id, earned.company_id, earned.currency_id, earned.method,
           date_trunc('month', earned.at)::date AS month,
           count(*) FILTER (WHERE earned.kind = 'accrued') AS payments,
           sum(CASE WHEN earned.kind = 'accrued' THEN earned.charged ELSE 0 END) AS charged,
           sum(CASE WHEN earned.kind = 'returned' THEN 0 ELSE earned.fee END) AS earned,
           sum(CASE WHEN earned.kind = 'returned' THEN earned.fee ELSE 0 END) AS returned,
           sum(earned.fee) AS net, sum(earned.fee_shown) AS net_shown
      FROM fynlo_fee_revenue earned
     GROUP BY earned.company_id, earned.currency_id, earned.method, date_trunc('month', earned.at)
"""
COLUMNS = ("month", "company", "tender", "currency", "payments", "charged", "earned", "returned", "net")


class FynloFeeStatement(models.Model):
    """Read only. Amounts are minor units of the currency; what went back is below 0, in the month it went back in."""

    _name = "fynlo.fee.statement"
    _description = "Monthly statement of Fynlo's fees"
    _auto = False
    _order = "month desc, company_id, currency_id, method"
    _rec_name = "month"
    _depends = {
        "fynlo.fee.revenue": ["company_id", "currency_id", "method", "kind", "at", "charged", "fee", "fee_shown"]
    }

    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    method = fields.Char("Tender", readonly=True)
    month = fields.Date(readonly=True)
    payments = fields.Integer(readonly=True)
    charged = fields.Integer("Charged (minor units)", readonly=True)
    earned = fields.Integer("Earned (minor units)", readonly=True)
    returned = fields.Integer("Returned (minor units)", readonly=True)
    net = fields.Integer("To be invoiced (minor units)", readonly=True)
    net_shown = fields.Monetary("To be invoiced", readonly=True)

    @property
    def _table_query(self):
        return SQL(STATEMENTS)

    @api.model
    def _of(self, company_id, month):
        """The rows of a company's month (its first day); rights are the caller's concern."""
        self.env.flush_all()
        return self.sudo().search([("company_id", "=", company_id), ("month", "=", month)])

    def _api_values(self):
        self.ensure_one()

        def money(minor):
            return {"amount": minor, "currency": self.currency_id.name}

        amounts = {name: money(self[name]) for name in ("charged", "earned", "returned", "net")}
        return {"method": self.method, "payments": self.payments, **amounts}

    def _csv(self):
        """The rows as a file that a spreadsheet reads, with amounts in the currency's own units."""
        written = io.StringIO()
        table = csv.writer(written)
        table.writerow(COLUMNS)
        for row in self:
            digits = row.currency_id.decimal_places
            amounts = [f"{to_major(row[name], digits):.{digits}f}" for name in COLUMNS[-4:]]
            known = (f"{row.month:%Y-%m}", row.company_id.name, row.method, row.currency_id.name, row.payments)
            table.writerow([*known, *amounts])
        return written.getvalue()

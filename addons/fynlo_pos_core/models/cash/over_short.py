"""Over and short: what each counted drawer was off by, to be added up by cashier, day or location."""

from odoo import fields, models
from odoo.tools import SQL

COUNTED = """
    SELECT session.id, session.id AS session_id, session.config_id, location.company_id, location.currency_id,
           session.fynlo_business_date AS business_date, session.fynlo_closed_by AS employee_id,
           session.fynlo_expected_cash AS expected, session.cash_register_balance_end_real AS counted,
           session.cash_register_balance_end_real - session.fynlo_expected_cash AS over_short,
           CASE WHEN abs(session.cash_register_balance_end_real - session.fynlo_expected_cash)
                     > coalesce(location.fynlo_over_short_limit, 0) THEN 'beyond'
                WHEN session.cash_register_balance_end_real = session.fynlo_expected_cash THEN 'exact'
                ELSE 'within' END AS verdict,
           session.closing_notes AS note,
           (SELECT count(*) FROM fynlo_cash_count counts WHERE counts.session_id = session.id AND counts.number > 1)
               AS recounts
      FROM pos_session session
      JOIN pos_config location ON location.id = session.config_id
     WHERE session.fynlo_counted
"""
VERDICTS = [("exact", "Exact"), ("within", "Within the limit"), ("beyond", "Beyond the limit")]


class FynloOverShort(models.Model):
    """Read only; one row a counted till session."""

    _name = "fynlo.over.short"
    _description = "Over and short"
    _auto = False
    _order = "business_date desc, id desc"
    _rec_name = "session_id"
    _depends = {
        "pos.session": [
            "config_id", "cash_register_balance_end_real", "closing_notes", "fynlo_business_date", "fynlo_closed_by",
            "fynlo_expected_cash", "fynlo_counted",
        ],
        "pos.config": ["currency_id", "fynlo_over_short_limit"],
        "fynlo.cash.count": ["session_id", "number"],
    }  # fmt: skip

    session_id = fields.Many2one("pos.session", "Till session", readonly=True)
    config_id = fields.Many2one("pos.config", "Location", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    business_date = fields.Date("Business date", readonly=True)
    employee_id = fields.Many2one("hr.employee", "Closed by", readonly=True)
    expected = fields.Monetary(readonly=True)
    counted = fields.Monetary(readonly=True)
    over_short = fields.Monetary("Over / short", readonly=True)
    verdict = fields.Selection(VERDICTS, readonly=True)
    recounts = fields.Integer(readonly=True)
    note = fields.Char(readonly=True)

    @property
    def _table_query(self):
        return SQL(COUNTED)

    def action_open(self):
        """The till session."""
        self.ensure_one()
        return self.session_id.action_fynlo_open()

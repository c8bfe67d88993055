"""Till sessions: what was taken on the spot, by the ledger, by the orders and by the Z report's count."""

from odoo import api, models
from odoo.addons.fynlo_pos_core.models.cash.cash_movement import KINDS
from odoo.addons.fynlo_pos_core.tools.money import to_minor

from ..providers.provider import PREFIX
from ..reconciliation.matching import match
from .reconciliation_sides import FACTS, fact_of, tender_accounts

OF_SESSION = FACTS.format(
    which="""entry.payment_id = ANY(ARRAY(SELECT id FROM fynlo_payment WHERE session_id = %(session)s))
             AND entry.refund_id IS NULL
          OR entry.refund_id = ANY(ARRAY(SELECT id FROM fynlo_refund WHERE session_id = %(session)s))"""
)
#: Closed sessions that were never compared, and after them those that have something left to resolve.
TO_COMPARE = """
    SELECT session.id
      FROM pos_session session
      LEFT JOIN LATERAL (SELECT bool_or(state IN ('open', 'differences')) AS left_over
                           FROM fynlo_reconciliation WHERE session_id = session.id) known ON TRUE
     WHERE session.fynlo_counted AND known.left_over IS NOT FALSE
     ORDER BY known.left_over NULLS FIRST, session.id LIMIT 500
"""
#: Cash that was moved without a sale. Deposits on orders that are carried over move with their payments.
MOVED = "SELECT kind, sum(amount) FROM fynlo_cash_movement WHERE session_id = %s GROUP BY kind"
DEPOSITS = ("deposit_in", "deposit_out")


class FynloReconciliationService(models.AbstractModel):
    _inherit = "fynlo.reconciliation.service"

    @api.model
    def _reconcile_sessions(self):
        """Compare the till sessions that were closed since the last run; each is committed."""
        self.env.flush_all()
        self.env.cr.execute(TO_COMPARE)
        for (session_id,) in self.env.cr.fetchall():
            session = self.env["pos.session"].sudo().browse(session_id)
            self._safely(f"till session {session_id}", lambda: self._match_session(session))  # noqa: B023

    @api.model
    def _match_session(self, session):
        """Compare a closed till session; returns a row for cash, and one for each other tender that it took itself."""
        self.env.flush_all()
        rows = self.env["fynlo.reconciliation"]
        for tender in self._local_tenders():
            facts = self._rows(OF_SESSION, session=session.id, accounts=tender_accounts([tender]))
            if facts or tender == "cash":
                rows |= self._match_tender(session, tender, facts)
        return rows

    def _match_tender(self, session, tender, facts):
        rows = self.env["fynlo.reconciliation"]
        key = {
            "provider": tender,
            "account": session.fynlo_uuid,
            "livemode": True,
            "day": session.fynlo_business_date or session.stop_at.date(),
            "company_id": session.company_id.id,
        }
        places = {"session_id": session.id, "config_id": session.config_id.id, "currency_id": session.currency_id.id}
        row = rows._of(**key) or rows.create({**key, **places})
        found = self._values(match([fact_of(fact, False) for fact in facts], [], settled=False), facts, [])
        ledger, booked = (sum(fact[name] for fact in facts) for name in ("amount", "booked"))
        totals = {"provider_amount": ledger, "ledger_amount": ledger, "orders_amount": booked, "fact_count": len(facts)}
        if tender == "cash":
            reported, over_short = self._drawer(session)
            totals |= {"provider_amount": reported, "over_short": over_short}
            if reported != ledger:
                found["amount_differs:drawer"] = {
                    "kind": "amount_differs",
                    "expected": ledger,
                    "found": reported,
                    "config_id": session.config_id.id,
                }
        row._conclude(found, **totals)
        return row

    def _drawer(self, session):
        """What the Z report says that sales brought into the drawer, and what the count was over or short.

        The latter is known and has its own screen, so it is no difference.
        """
        digits = session.currency_id.decimal_places
        self.env.cr.execute(MOVED, (session.id,))
        moved = sum(KINDS[kind][0] * int(amount) for kind, amount in self.env.cr.fetchall() if kind not in DEPOSITS)
        float_minor, expected, counted = (
            to_minor(session[name], digits)
            for name in ("cash_register_balance_start", "fynlo_expected_cash", "cash_register_balance_end_real")
        )
        return expected - float_minor - moved, counted - expected

    def _local_tenders(self):
        """Tenders whose money is here at once, so that no provider reports of it."""
        names = sorted(name for name in self.env.registry if name.startswith(PREFIX))
        return [name.removeprefix(PREFIX) for name in names if self.env[name]._immediate]

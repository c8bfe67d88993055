"""The comparison itself: days of accounts that are over and known, matched with the ledger and the orders."""

import logging
from datetime import timedelta

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.tools.clock import now

from ..providers.connection import ProviderUnavailable
from ..reconciliation.matching import match
from . import provider_call, refund_call
from .payment_dispute import look_disputes
from .reconciliation_sides import (
    MOVEMENTS,
    OF_ACCOUNT,
    fact_of,
    movement_of,
    of_day,
    tender_accounts,
    totals_of,
)
from .refund import WAITING

_logger = logging.getLogger(__name__)

#: Refunds of which the provider says more than our books: one that we take for given has come back.
LOST_REFUNDS = """
    SELECT DISTINCT refund.id
      FROM fynlo_reconciliation_difference lost
      JOIN fynlo_reconciliation day ON day.id = lost.reconciliation_id
      JOIN fynlo_refund refund ON refund.id = lost.refund_id
     WHERE day.account_id = %(account)s AND lost.kind = 'missing_here' AND lost.state != 'resolved'
       AND refund.state != 'failed'
     ORDER BY refund.id
"""
#: Payments of which the provider has money that our books have not.
LOST_PAYMENTS = """
    SELECT DISTINCT payment.id
      FROM fynlo_reconciliation_difference lost
      JOIN fynlo_reconciliation day ON day.id = lost.reconciliation_id
      JOIN fynlo_settlement_movement moved ON moved.id = lost.movement_id AND moved.kind = 'charge'
      JOIN fynlo_payment payment ON payment.id = lost.payment_id
     WHERE day.account_id = %(account)s AND lost.kind = 'missing_here' AND lost.state != 'resolved'
       AND payment.state NOT IN ('captured', 'refund_due')
     ORDER BY payment.id
"""
#: Payments of which a guest's bank holds another amount than our books say.
LOST_DISPUTES = """
    SELECT DISTINCT lost.payment_id AS id
      FROM fynlo_reconciliation_difference lost
      JOIN fynlo_reconciliation day ON day.id = lost.reconciliation_id
      JOIN fynlo_settlement_movement moved ON moved.id = lost.movement_id AND moved.kind = 'dispute'
     WHERE day.account_id = %(account)s AND lost.kind IN ('missing_here', 'amount_differs') AND lost.state != 'resolved'
       AND lost.payment_id IS NOT NULL
     ORDER BY 1
"""
LOST = (LOST_PAYMENTS, LOST_REFUNDS, LOST_DISPUTES)
#: A refund that its provider has not finished is compared again until it has.
UNFINISHED = ["reserved", *sorted(WAITING)]
MATCHED = """
    UPDATE fynlo_settlement_movement moved SET matched = TRUE
     WHERE account_id = %(account)s AND day = %(day)s AND NOT matched
       AND NOT EXISTS (SELECT FROM fynlo_refund WHERE id = moved.refund_id AND state = ANY(%(waiting)s))
"""


class FynloReconciliationService(models.AbstractModel):
    _name = "fynlo.reconciliation.service"
    _description = "Reconciliation service"

    @api.model
    def _cron_reconcile(self):
        """Read every account whose day is over and compare what is new; then the till sessions that were closed."""
        for account, report in self.env["fynlo.settlement.account"]._discover():
            if account._is_due(now()):
                self._safely(f"account {account.name}", lambda: self._reconcile(account, report))  # noqa: B023
        self._reconcile_sessions()

    def _safely(self, what, work):
        """Do ``work`` and commit it, or undo what of it is not committed yet; the next run does it again."""
        try:
            work()
            self._commit()
        except Exception:  # boundary: one account or session must not keep the others from being compared
            self.env.cr.rollback()
            _logger.exception("%s could not be reconciled", what)

    @api.model
    def _reconcile(self, account, report):
        """Read an account's report and compare its days; an account that cannot be read waits for the next run.

        Payments that prove lost are asked for at once, as if the provider had just told of them.
        """
        if not self.env["fynlo.settlement.reading"]._read(account, report):
            return
        self._match(account)
        if self._recover(account):
            self._match(account)

    def _recover(self, account):
        """Ask about all of which the provider says more than our books; true when there was anything to ask about."""
        self.env.flush_all()
        payments, refunds, disputed = ([row["id"] for row in self._rows(query, account=account.id)] for query in LOST)
        self._commit()
        for payment_id in payments:
            try:
                provider_call.look(self.env.registry, payment_id)
            except Problem as away:
                _logger.warning("payment %s is charged, but could not be looked at: %s", payment_id, away.code)
        for refund_id in refunds:
            refund_call.look_refund(self.env.registry, refund_id)
        for payment_id in disputed:
            try:
                look_disputes(self.env.registry, payment_id)
            except ProviderUnavailable as away:
                _logger.warning("payment %s is disputed, but could not be asked after: %s", payment_id, away.code)
        self.env.invalidate_all(flush=False)
        return bool(payments or refunds or disputed)

    @api.model
    def _match(self, account):
        """Compare every day of an account that is over, known, and new or touched; each is committed."""
        self.env["fynlo.settlement.movement"]._link(account)
        for day in sorted(self._days(account)):
            for company in account.config_ids.company_id.sorted("id"):
                self._match_day(account, company, day)
            self.env.cr.execute(MATCHED, {"account": account.id, "day": day, "waiting": UNFINISHED})
            account.matched_until = max(day, account.matched_until)
            self._commit()

    def _days(self, account):
        """Days to compare: never compared, touched by new movements, or with something left to resolve."""
        calendar = account._calendar()
        over = calendar.day_of(account.read_until) - timedelta(days=1)
        ahead = (over - account.matched_until).days
        days = {account.matched_until + timedelta(days=number) for number in range(1, ahead + 1)}
        left = self.env["fynlo.reconciliation"].search(
            [("account_id", "=", account.id), ("state", "in", ("open", "differences"))]
        )
        days |= set(left.mapped("day")) | self.env["fynlo.settlement.movement"]._touched_days(account)
        return {day for day in days if day <= over}

    @api.model
    def _ask_again(self, row):
        """Read the day of a row from its provider once more at the next run, and compare it."""
        account = row.account_id
        if account:
            begins = account._calendar().span(row.day)[0]
            account.read_until = min(account.read_until, begins)
            account.matched_until = min(account.matched_until, row.day - timedelta(days=1))
        else:
            self._match_session(row.session_id)

    # --- one day -------------------------------------------------------------------------

    @api.model
    def _match_day(self, account, company, day):
        """Compare one day of an account in one company; returns its row, or none when nothing happened."""
        self.env.flush_all()
        key = {
            "provider": account.provider,
            "account": account.name,
            "livemode": account.livemode,
            "day": day,
            "company_id": company.id,
        }
        facts, moved = self._sides(account, company, day)
        rows = self.env["fynlo.reconciliation"]
        known = rows._of(**key)
        if not (facts or moved or known):
            return rows
        money = account.config_ids.filtered(lambda place: place.company_id == company).currency_id[:1]
        row = known or rows.create(
            {**key, "account_id": account.id, "config_id": account.config_id.id, "currency_id": money.id}
        )
        found = match(
            [fact_of(fact, account.takes_platform_fee) for fact in facts], [movement_of(one) for one in moved]
        )
        row._conclude(self._values(found, facts, moved), **totals_of(facts, moved, money.name))
        return row

    def _sides(self, account, company, day):
        """Facts and movements that belong to the day: all of what began to move on it, and facts without movement."""
        asked = {"account": account.id, "company": company.id, "day": day, "payments": [], "waiting": UNFINISHED}
        payments = {row["payment_id"] for row in self._rows(MOVEMENTS, **asked)} - {None}
        since, until = account._calendar().span(day)
        facts = self._rows(
            OF_ACCOUNT,
            **{**asked, "payments": list(payments)},
            configs=account.config_ids.filtered(lambda place: place.company_id == company).ids,
            since=since,
            until=until,
            accounts=tender_accounts(account.tenders),
            livemode=account.livemode,
        )
        payments |= {fact["payment_id"] for fact in facts}
        moved = self._rows(MOVEMENTS, **{**asked, "payments": list(payments)})
        return of_day(day, facts, moved, lambda fact: since <= fact["at"] < until)

    def _values(self, found, facts, moved):
        """Differences as values of their records, by key."""
        by_id, places = {one["id"]: one for one in moved}, {fact["payment_id"]: fact["config_id"] for fact in facts}
        values = {}
        for one in found:
            movement = by_id.get(one.movement, {})
            payment = one.subject.payment if one.subject else movement.get("payment_id")
            values[one.key] = {
                "kind": one.kind,
                "expected": one.expected,
                "found": one.found,
                "payment_id": payment or False,
                "refund_id": (one.subject.refund if one.subject else movement.get("refund_id")) or False,
                "movement_id": one.movement or False,
                "config_id": places.get(payment) or movement.get("config_id") or False,
            }
        return values

    def _rows(self, query, **values):
        self.env.cr.execute(query, values)
        return self.env.cr.dictfetchall()

    def _commit(self):
        self.env["ir.cron"]._commit_progress()

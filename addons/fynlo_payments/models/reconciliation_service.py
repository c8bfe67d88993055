"""The comparison itself: days of accounts that are over and known, matched with the ledger and the orders."""

import logging
from datetime import timedelta

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.tools.clock import now

from ..providers.settlement import QUIET_KINDS
from ..reconciliation.matching import FACT_OF, Fact, Moved, Subject, match
from . import provider_call
from .ledger_entry import TENDER

_logger = logging.getLogger(__name__)

#: Facts of tenders: what the ledger says, what of it orders must show (``due``) and do show (``booked``). Money that
#: nobody asked for any more is due by no order; a refund by another tender is a fact of that one.
FACTS = """
    WITH fact AS (
         SELECT entry.payment_id, entry.refund_id, min(entry.at) AS at,
                CASE entry.kind WHEN 'unasked' THEN 'capture' ELSE entry.kind END AS kind,
                sum(entry.amount) FILTER (WHERE entry.account = ANY(%(accounts)s))::bigint AS amount,
                coalesce(-sum(entry.amount) FILTER (WHERE entry.account IN ('order', 'tips', 'surcharge')), 0)::bigint
                    AS due
           FROM fynlo_payment_entry entry
          WHERE {which}
          GROUP BY entry.payment_id, entry.refund_id, 4
         HAVING bool_or(entry.account = ANY(%(accounts)s)))
    SELECT fact.*, payment.config_id, money.name AS currency,
           CASE WHEN fact.due = 0 THEN 0
                ELSE round(coalesce(shown.amount, 0) * 10 ^ money.decimal_places)::bigint END AS booked,
           CASE WHEN fact.kind = 'capture' THEN
                (SELECT earned.fee FROM fynlo_fee_revenue earned
                  WHERE earned.payment_id = fact.payment_id AND earned.kind = 'accrued') END AS platform_fee
      FROM fact
      JOIN fynlo_payment payment ON payment.id = fact.payment_id
      JOIN res_currency money ON money.id = payment.currency_id
      LEFT JOIN fynlo_refund refund ON refund.id = fact.refund_id
      LEFT JOIN LATERAL (
           SELECT sum(line.amount) AS amount
             FROM pos_payment line JOIN pos_order placed ON placed.id = line.pos_order_id
            WHERE line.fynlo_payment_id = fact.payment_id
              AND (line.amount > 0 OR line.is_change IS TRUE) = (fact.kind = 'capture')
              AND CASE WHEN refund.refund_order_id IS NULL THEN placed.fynlo_refunded_order_id IS NULL
                       ELSE placed.id = refund.refund_order_id END) shown ON TRUE
     WHERE TRUE
"""
OF_ACCOUNT = (
    FACTS.format(
        which="""entry.company_id = %(company)s AND entry.config_id = ANY(%(configs)s)
             AND (entry.at >= %(since)s AND entry.at < %(until)s OR entry.payment_id = ANY(%(payments)s))"""
    )
    + " AND coalesce(payment.livemode, FALSE) = %(livemode)s"
)

MOVEMENTS = """
    SELECT id, kind, day, at, amount, fee, net, guest_amount, guest_currency, platform_fee, payment_id, refund_id,
           config_id, currency_id
      FROM fynlo_settlement_movement
     WHERE account_id = %(account)s AND company_id = %(company)s
       AND (day = %(day)s OR payment_id = ANY(%(payments)s))
     ORDER BY at, id
"""

#: Payments of which the provider has money that our books have not.
LOST = """
    SELECT DISTINCT payment.id
      FROM fynlo_reconciliation_difference lost
      JOIN fynlo_reconciliation day ON day.id = lost.reconciliation_id
      JOIN fynlo_settlement_movement moved ON moved.id = lost.movement_id AND moved.kind = 'charge'
      JOIN fynlo_payment payment ON payment.id = lost.payment_id
     WHERE day.account_id = %(account)s AND lost.kind = 'missing_here' AND lost.state != 'resolved'
       AND payment.state NOT IN ('captured', 'refund_due')
     ORDER BY payment.id
"""
MATCHED = "UPDATE fynlo_settlement_movement SET matched = TRUE WHERE account_id = %s AND day = %s AND NOT matched"


class FynloReconciliationService(models.AbstractModel):
    _name = "fynlo.reconciliation.service"
    _description = "Reconciliation service"

    @api.model
    def _cron_reconcile(self):
        """Read every account whose day is over and compare what is new; then the till sessions that were closed."""
        accounts = self.env["fynlo.settlement.account"]
        for account, report in accounts._discover():
            if account._is_due(now()):
                self._reconcile(account, report)
            self._commit()
        self._reconcile_sessions()
        self._commit()

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
        """Ask the provider about payments that it has the money of; true when there were any."""
        self.env.flush_all()
        lost = [row["id"] for row in self._rows(LOST, account=account.id)]
        self._commit()
        for payment_id in lost:
            try:
                provider_call.look(self.env.registry, payment_id)
            except Problem as away:
                _logger.warning("payment %s is charged, but could not be looked at: %s", payment_id, away.code)
        self.env.invalidate_all(flush=False)
        return bool(lost)

    @api.model
    def _match(self, account):
        """Compare every day of an account that is over, known, and new or touched; each is committed."""
        self.env["fynlo.settlement.movement"]._link(account)
        for day in sorted(self._days(account)):
            for company in account.config_ids.company_id.sorted("id"):
                self._match_day(account, company, day)
            self.env.cr.execute(MATCHED, (account.id, day))
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
        found = match([_fact(fact, account.takes_platform_fee) for fact in facts], [_moved(one) for one in moved])
        row._conclude(self._values(found, facts, moved), **_totals(facts, moved, money.name))
        return row

    def _sides(self, account, company, day):
        """Facts and movements that belong to the day: all of what began to move on it, and facts without movement."""
        asked = {"account": account.id, "company": company.id, "day": day, "payments": []}
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
        begun = {}
        for one in moved:
            begun.setdefault(_subject_of_movement(one) or one["id"], one["day"])
        moved = [one for one in moved if begun[_subject_of_movement(one) or one["id"]] == day]
        facts = [fact for fact in facts if begun.get(_subject(fact), since <= fact["at"] < until and day) == day]
        return facts, moved

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


def tender_accounts(tenders):
    """The ledger's accounts of tenders."""
    return [TENDER + tender for tender in tenders]


def _subject(fact):
    return Subject(fact["kind"], fact["payment_id"], fact["refund_id"] or 0)


def _subject_of_movement(row):
    """What a movement must have a fact of; ``None`` for movements that the ledger has no word for."""
    if row["payment_id"] is None or row["kind"] not in FACT_OF:
        return None
    return Subject(FACT_OF[row["kind"]], row["payment_id"], row["refund_id"] or 0)


def _fact(row, takes_platform_fee):
    fee = row["platform_fee"] if takes_platform_fee else None
    return Fact(_subject(row), row["amount"], row["currency"], row["due"], row["booked"], fee)


def _moved(row):
    return Moved(
        row["id"],
        row["kind"],
        row["guest_amount"],
        row["guest_currency"],
        row["platform_fee"],
        _subject_of_movement(row),
    )


def _totals(facts, moved, currency):
    """The sums of a day; fees and payouts move between provider and restaurant, so no guest's money is in them."""
    guests = [one for one in moved if one["kind"] not in QUIET_KINDS and one["guest_currency"] == currency]
    own = [fact for fact in facts if fact["currency"] == currency]
    return {
        "provider_amount": sum(one["guest_amount"] for one in guests),
        "ledger_amount": sum(fact["amount"] for fact in own),
        "orders_amount": sum(fact["booked"] for fact in own),
        "fee_amount": sum(one["fee"] for one in moved) - sum(one["amount"] for one in moved if one["kind"] == "fee"),
        "net_amount": sum(one["net"] for one in moved if one["kind"] != "payout"),
        "movement_count": len(moved),
        "fact_count": len(facts),
    }

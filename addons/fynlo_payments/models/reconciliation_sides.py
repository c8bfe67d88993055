"""The two sides of a day: what the ledger and the orders say, and what the provider reported."""

from ..providers.settlement import QUIET_KINDS
from ..reconciliation.matching import FACT_OF, Fact, Moved, Subject, came_to_nothing
from .ledger_entry import TENDER

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
    SELECT moved.id, moved.kind, moved.day, moved.at, moved.amount, moved.fee, moved.net, moved.guest_amount,
           moved.guest_currency, moved.platform_fee, moved.payment_id, moved.refund_id, moved.config_id,
           coalesce(refund.state = ANY(%(waiting)s), FALSE) AS waits
      FROM fynlo_settlement_movement moved
      LEFT JOIN fynlo_refund refund ON refund.id = moved.refund_id
     WHERE moved.account_id = %(account)s AND moved.company_id = %(company)s
       AND (moved.day = %(day)s OR moved.payment_id = ANY(%(payments)s))
     ORDER BY moved.at, moved.id
"""


def tender_accounts(tenders):
    """The ledger's accounts of tenders."""
    return [TENDER + tender for tender in tenders]


def subject_of(fact):
    return Subject(fact["kind"], fact["payment_id"], fact["refund_id"] or 0)


def subject_of_movement(row):
    """What a movement must have a fact of; ``None`` for movements that the ledger has no word for."""
    if row["payment_id"] is None or row["kind"] not in FACT_OF:
        return None
    return Subject(FACT_OF[row["kind"]], row["payment_id"], row["refund_id"] or 0)


def of_day(day, facts, moved, happened):
    """What began to move on the day; facts that never moved are of the day on which they ``happened``.

    Refunds that are not finished, and those that came to nothing, are no facts and no movements yet or any more.
    """
    subjects = {one["id"]: subject_of_movement(one) for one in moved}
    told = [(subjects[one["id"]], one["guest_amount"]) for one in moved if subjects[one["id"]]]
    void = came_to_nothing([subject_of(fact) for fact in facts], told)
    begun = {}
    for one in moved:
        begun.setdefault(subjects[one["id"]] or one["id"], one["day"])
    moved = [one for one in moved if begun[subjects[one["id"]] or one["id"]] == day]
    moved = [one for one in moved if not one["waits"] and (one["payment_id"], one["refund_id"]) not in void]
    facts = [fact for fact in facts if begun.get(subject_of(fact), happened(fact) and day) == day]
    return facts, moved


def fact_of(row, takes_platform_fee):
    fee = row["platform_fee"] if takes_platform_fee else None
    return Fact(subject_of(row), row["amount"], row["currency"], row["due"], row["booked"], fee)


def movement_of(row):
    return Moved(
        row["id"],
        row["kind"],
        row["guest_amount"],
        row["guest_currency"],
        row["platform_fee"],
        subject_of_movement(row),
    )


def totals_of(facts, moved, currency):
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

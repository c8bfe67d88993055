"""Movements of money that providers reported, each tied to its payment and refund where these are known."""

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.tools.clock import naive_utc
from odoo.addons.fynlo_pos_core.tools.money import to_major
from psycopg2.extras import execute_values

from ..providers.settlement import MOVEMENT_KINDS, QUIET_KINDS

LABELS = {
    "charge": "Payment",
    "release": "Not captured",
    "refund": "Refund",
    "refund_failed": "Refund came back",
    "dispute": "Dispute",
    "adjustment": "Adjustment",
    "fee": "Fee",
    "payout": "Payout",
}
#: A movement that is told again changes nothing; one that is told otherwise is matched again.
KEEP = """
    INSERT INTO fynlo_settlement_movement AS kept
           (account_id, external_id, kind, amount, net, fee, platform_fee, currency_id, guest_amount, guest_currency,
            at, day, reference, refund_reference, leg_uuid, refund_uuid, company_id, config_id, matched)
    VALUES %s
        ON CONFLICT (account_id, external_id) DO UPDATE
       SET kind = excluded.kind, amount = excluded.amount, net = excluded.net, fee = excluded.fee,
           platform_fee = excluded.platform_fee, guest_amount = excluded.guest_amount,
           guest_currency = excluded.guest_currency, matched = FALSE
     WHERE (kept.kind, kept.amount, kept.net, kept.fee, kept.platform_fee, kept.guest_amount, kept.guest_currency)
           IS DISTINCT FROM (excluded.kind, excluded.amount, excluded.net, excluded.fee, excluded.platform_fee,
                             excluded.guest_amount, excluded.guest_currency)
"""
#: Our own ids count before the provider's, and only payments of the account's own companies and tenders.
LINK = """
    UPDATE fynlo_settlement_movement moved
       SET payment_id = found.payment_id, refund_id = found.refund_id, company_id = found.company_id,
           config_id = found.config_id, matched = FALSE
      FROM (SELECT lost.id, payment.id AS payment_id, refund.id AS refund_id, payment.company_id, payment.config_id
              FROM fynlo_settlement_movement lost
              LEFT JOIN LATERAL (
                   SELECT given.id, given.payment_id FROM fynlo_refund given
                    WHERE lost.kind IN ('refund', 'refund_failed')
                      AND (given.fynlo_uuid = lost.refund_uuid OR given.provider_reference = lost.refund_reference)
                    ORDER BY given.fynlo_uuid = lost.refund_uuid DESC NULLS LAST, given.id LIMIT 1) refund ON TRUE
             CROSS JOIN LATERAL (
                   SELECT taken.id, taken.company_id, taken.config_id FROM fynlo_payment taken
                    WHERE (taken.id = refund.payment_id
                           OR refund.id IS NULL AND (taken.fynlo_uuid = lost.leg_uuid
                                                     OR taken.provider_reference = lost.reference
                                                     OR taken.provider_alias = lost.reference))
                      AND taken.company_id = ANY(%(companies)s) AND taken.method = ANY(%(tenders)s)
                    ORDER BY taken.fynlo_uuid = lost.leg_uuid DESC NULLS LAST, taken.id LIMIT 1) payment
             WHERE lost.account_id = %(account)s AND lost.kind != ALL(%(quiet)s)
               AND (lost.payment_id IS NULL
                    OR lost.refund_id IS NULL AND refund.id IS NOT NULL)) found
     WHERE moved.id = found.id
"""
#: Days to compare again: those of new movements, and those on which the same money began to move.
TOUCHED = """
    SELECT DISTINCT near.day
      FROM fynlo_settlement_movement fresh
      JOIN fynlo_settlement_movement near
        ON near.account_id = fresh.account_id AND (near.id = fresh.id OR near.payment_id = fresh.payment_id)
     WHERE fresh.account_id = %s AND NOT fresh.matched
"""


class FynloSettlementMovement(models.Model):
    """``amount``, ``net`` and the fees are minor units of ``currency_id``, ``guest_amount`` of ``guest_currency``."""

    _name = "fynlo.settlement.movement"
    _description = "Movement at a payment provider"
    _log_access = False
    _order = "at desc, id desc"
    _rec_name = "external_id"

    account_id = fields.Many2one(
        "fynlo.settlement.account", required=True, readonly=True, index=True, ondelete="restrict"
    )
    external_id = fields.Char("Provider's name for it", required=True, readonly=True)
    kind = fields.Selection([(kind, LABELS[kind]) for kind in MOVEMENT_KINDS], required=True, readonly=True)
    amount = fields.Integer("Amount (minor units)", required=True, readonly=True)
    net = fields.Integer("Arrived (minor units)", required=True, readonly=True)
    fee = fields.Integer("Fee (minor units)", required=True, readonly=True)
    platform_fee = fields.Integer("Fynlo's fee in it (minor units)", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True, ondelete="restrict")
    guest_amount = fields.Integer("Guest's amount (minor units)", required=True, readonly=True)
    guest_currency = fields.Char("Guest's currency", required=True, readonly=True)
    at = fields.Datetime(required=True, readonly=True)
    day = fields.Date(required=True, readonly=True)
    reference = fields.Char("Payment at the provider", readonly=True)
    refund_reference = fields.Char("Refund at the provider", readonly=True)
    leg_uuid = fields.Char(readonly=True)
    refund_uuid = fields.Char(readonly=True)
    payment_id = fields.Many2one("fynlo.payment", readonly=True, index="btree_not_null", ondelete="restrict")
    refund_id = fields.Many2one("fynlo.refund", readonly=True, ondelete="restrict")
    payout_id = fields.Many2one("fynlo.payout", readonly=True, index="btree_not_null", ondelete="set null")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="restrict")
    config_id = fields.Many2one("pos.config", "Location", readonly=True, ondelete="restrict")
    matched = fields.Boolean(readonly=True, help="Was compared since it was last told.")

    amount_shown = fields.Monetary("Amount", compute="_compute_shown")
    fee_shown = fields.Monetary("Fee", compute="_compute_shown")
    net_shown = fields.Monetary("Arrived", compute="_compute_shown")

    _told_once = models.UniqueIndex("(account_id, external_id)")
    _of_day = models.Index("(account_id, day)")
    _fresh = models.Index("(account_id) WHERE NOT matched")
    _lost = models.Index("(account_id) WHERE payment_id IS NULL")

    @api.depends("amount", "fee", "net", "currency_id")
    def _compute_shown(self):
        for moved in self:
            digits = moved.currency_id.decimal_places
            for name in ("amount", "fee", "net"):
                moved[f"{name}_shown"] = to_major(moved[name], digits)

    @api.model
    def _keep(self, account, movements):
        """Write what an account's provider has told; may be told again. Raises ``KeyError`` for an unknown currency."""
        calendar, currencies = account._calendar(), self._currencies()
        rows = [
            (
                account.id, one.id, one.kind, one.amount, one.net, one.fee, one.platform_fee,
                currencies[one.currency], one.amount if one.charged is None else one.charged,
                one.charged_currency or one.currency, naive_utc(one.at), calendar.day_of(naive_utc(one.at)),
                one.reference, one.refund_reference, one.leg_uuid, one.refund_uuid,
                account.company_id.id, account.config_id.id or None, False,
            )
            for one in {movement.id: movement for movement in movements}.values()
        ]  # fmt: skip
        execute_values(self.env.cr._obj, KEEP, rows, page_size=1000)
        self.invalidate_model(flush=False)

    def _currencies(self):
        found = self.env["res.currency"].sudo().with_context(active_test=False).search([])
        return {currency.name: currency.id for currency in found}

    @api.model
    def _link(self, account):
        """Tie movements to payments and refunds that are known by now."""
        self.env.flush_all()
        companies = account.config_ids.company_id.ids
        self.env.cr.execute(
            LINK,
            {"account": account.id, "companies": companies, "tenders": account.tenders, "quiet": list(QUIET_KINDS)},
        )
        self.invalidate_model(flush=False)

    @api.model
    def _touched_days(self, account):
        self.env.cr.execute(TOUCHED, (account.id,))
        return {day for (day,) in self.env.cr.fetchall()}

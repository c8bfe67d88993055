"""Fynlo's revenue: one row a captured payment and a refund of it, added and never changed."""

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.tools.money import to_major
from odoo.exceptions import UserError

from ..fees.returned import platform_fee_back

ADD = """
    INSERT INTO fynlo_fee_revenue (kind, source_uuid, payment_id, company_id, config_id, currency_id, method, at,
                                   charged, fee, fee_shown, refunded_so_far, schedule_id, rule_id)
    VALUES (%(kind)s, %(source_uuid)s, %(payment_id)s, %(company_id)s, %(config_id)s, %(currency_id)s, %(method)s,
            %(at)s, %(charged)s, %(fee)s, %(fee_shown)s, %(refunded_so_far)s, %(schedule_id)s, %(rule_id)s)
    ON CONFLICT (kind, source_uuid) DO NOTHING
"""


class FynloFeeRevenue(models.Model):
    """``fee`` is in minor units of the currency, negative where it went back."""

    _name = "fynlo.fee.revenue"
    _description = "Fynlo's revenue"
    _log_access = False
    _order = "id desc"
    _rec_name = "source_uuid"

    kind = fields.Selection(
        [("accrued", "Earned"), ("returned", "Returned"), ("restored", "Earned again: the refund failed")],
        required=True,
        readonly=True,
    )
    source_uuid = fields.Char("Payment or refund", required=True, readonly=True)
    payment_id = fields.Many2one("fynlo.payment", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="restrict")
    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, ondelete="restrict")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True, ondelete="restrict")
    method = fields.Char("Tender", required=True, readonly=True)
    at = fields.Datetime("When", required=True, readonly=True)
    charged = fields.Integer("Charged (minor units)", required=True, readonly=True)
    fee = fields.Integer("Fee (minor units)", required=True, readonly=True)
    fee_shown = fields.Monetary("Fee", required=True, readonly=True, currency_field="currency_id")
    refunded_so_far = fields.Integer("Refunded so far (minor units)", required=True, readonly=True)
    schedule_id = fields.Many2one("fynlo.fee.schedule", "By", readonly=True, ondelete="restrict")
    rule_id = fields.Many2one("fynlo.surcharge.rule", "Surcharge rule", readonly=True, ondelete="restrict")

    _source_once = models.UniqueIndex("(kind, source_uuid)")
    _sign = models.Constraint(
        "CHECK(CASE kind WHEN 'returned' THEN fee <= 0 ELSE fee >= 0 END)",
        "A fee is earned, or goes back.",
    )

    def init(self):
        """The database itself refuses changes, whoever asks."""
        self.env.cr.execute("""
            CREATE OR REPLACE FUNCTION fynlo_fee_revenue_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'the revenue ledger is insert-only'; END $$;
            CREATE OR REPLACE TRIGGER fynlo_fee_revenue_insert_only
              BEFORE UPDATE OR DELETE OR TRUNCATE ON fynlo_fee_revenue
              FOR EACH STATEMENT EXECUTE FUNCTION fynlo_fee_revenue_refuse();
        """)

    # the ORM never writes this table: the next three exist only to refuse
    # pylint: disable=method-required-super,no-raise-unlink
    @api.model_create_multi
    def create(self, vals_list):
        raise UserError(self.env._("The revenue ledger is written by payments alone."))

    def write(self, vals):
        raise UserError(self.env._("The revenue ledger cannot be changed."))

    def unlink(self):
        raise UserError(self.env._("The revenue ledger cannot be changed."))

    # pylint: enable=method-required-super,no-raise-unlink

    @api.model
    def _accrue(self, payment, fee_minor, *, charged_minor, schedule_id=None, rule_id=None):
        """Note what Fynlo earned with a captured payment; once a payment, however often it is asked.

        ``charged_minor`` is all that the guest was charged; what goes back is reckoned on it. A fee of
        nothing is noted too, so that its schedule and rule stay known.
        """
        self._add(
            payment,
            kind="accrued",
            source_uuid=payment.fynlo_uuid,
            charged=charged_minor,
            fee=fee_minor,
            refunded_so_far=0,
            schedule_id=schedule_id,
            rule_id=rule_id,
        )

    @api.model
    def _return(self, payment, refund_uuid, amount_minor):
        """Note what of the fee goes back with a refund of ``amount_minor``, and return it (minor units).

        All refunds together give back just the fee, and each counts once. The caller holds the
        payment's lock, so that two refunds do not reckon with the same past.
        """
        return -self._follow(payment, "returned", refund_uuid, amount_minor)

    @api.model
    def _restore(self, payment, refund_uuid, amount_minor):
        """Note what of the fee is earned again because a refund that was noted failed after all; return it.

        Once a refund; one that was never noted restores nothing. Locks as :meth:`_return`.
        """
        noted = self._of(payment).filtered(lambda row: row.kind == "returned" and row.source_uuid == str(refund_uuid))
        return self._follow(payment, "restored", refund_uuid, -amount_minor) if noted else 0

    def _follow(self, payment, kind, refund_uuid, amount_minor):
        """Add the row that brings what went back in line with ``amount_minor`` more refunded; returns its fee."""
        rows = self._of(payment)
        known = rows.filtered(lambda row: row.kind == kind and row.source_uuid == str(refund_uuid))
        earned = rows.filtered(lambda row: row.kind == "accrued")
        if known or not earned:
            return known.fee
        refunded = rows[0].refunded_so_far + amount_minor
        gone = earned.fee - sum(rows.mapped("fee"))
        fee = gone - platform_fee_back(earned.fee, earned.charged, refunded)
        self._add(
            payment,
            kind=kind,
            source_uuid=str(refund_uuid),
            charged=earned.charged,
            fee=fee,
            refunded_so_far=refunded,
            schedule_id=earned.schedule_id.id or None,
            rule_id=earned.rule_id.id or None,
        )
        return fee

    def _of(self, payment):
        """The rows of a payment, the latest first."""
        return self.sudo().search([("payment_id", "=", payment.id)])

    def _add(self, payment, **values):
        payment = payment.sudo()
        payment.flush_recordset()
        shared = {name: payment[name].id for name in ("company_id", "config_id", "currency_id")}
        shown = to_major(values["fee"], payment.currency_id.decimal_places)
        self.env.cr.execute(
            ADD,
            {**shared, **values, "payment_id": payment.id, "method": payment.method, "at": self.env.cr.now(),
             "fee_shown": shown},
        )  # fmt: skip

"""A payment: one attempt with one tender for part of an order."""

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.rest.prepared_statement import PreparedStatement
from odoo.addons.fynlo_pos_core.tools.clock import wire

from ..providers.provider import PREFIX
from .payment_failures import failure_document

#: state → states it may move to. ``unknown`` is a real state: a time-out is never a failure.
PAYMENT_STATES = {
    "reserved": frozenset({"sent", "captured", "failed", "cancelled", "expired"}),
    "sent": frozenset({"action_required", "authorised", "captured", "failed", "cancelled", "expired", "unknown"}),
    "action_required": frozenset({"authorised", "captured", "failed", "cancelled", "expired", "unknown"}),
    "authorised": frozenset({"captured", "failed", "cancelled", "expired", "unknown"}),
    "unknown": frozenset({"action_required", "authorised", "captured", "failed", "cancelled", "expired", "refund_due"}),
    "captured": frozenset({"refund_due"}),
    "refund_due": frozenset(),
    "failed": frozenset({"captured", "refund_due"}),
    "cancelled": frozenset({"captured", "refund_due"}),
    "expired": frozenset({"captured", "refund_due"}),
}
#: Money may still come of these, so that much of the bill is nobody else's to pay.
HOLDING = frozenset({"reserved", "sent", "action_required", "authorised", "unknown"})
#: Over without money. Should some come all the same, the order takes it if it still owes that much.
CLOSED = frozenset({"failed", "cancelled", "expired"})

PAYMENTS = """
    SELECT payment.id, payment.fynlo_uuid, payment.method, payment.state, payment.amount, payment.tip, payment.fee,
           payment.surcharge, payment.tendered, payment.change, payment.refunded, payment.provider_reference,
           coalesce(payment.owed, 0) AS owed, payment.livemode, payment.failure_code, payment.card_brand,
           payment.card_last4, payment.version, payment.create_date, payment.write_date, payment.order_id,
           placed.uuid AS order_uuid, currency.name AS currency
      FROM fynlo_payment payment
      JOIN pos_order placed ON placed.id = payment.order_id
      JOIN res_currency currency ON currency.id = payment.currency_id
"""
#: What a list of payments can be narrowed to.
FILTERS = {
    "before": "payment.id < %(before)s",
    "order": "placed.uuid = %(order)s",
    "state": "payment.state = %(state)s",
    "method": "payment.method = %(method)s",
}
RESERVE = PreparedStatement(
    """INSERT INTO fynlo_payment
              (fynlo_uuid, order_id, company_id, config_id, session_id, employee_id, device_id, currency_id, method,
               state, amount, amount_shown, tip, fee, surcharge, tendered, change, refunded, version,
               create_uid, create_date, write_uid, write_date)
       VALUES (%(fynlo_uuid)s, %(order_id)s, %(company_id)s, %(config_id)s, %(session_id)s, %(employee_id)s,
               %(device_id)s, %(currency_id)s, %(method)s, 'reserved', %(amount)s, %(amount_shown)s, %(tip)s, 0, 0,
               %(tendered)s, %(change)s, 0, 1, %(user)s, %(moment)s, %(user)s, %(moment)s)
       RETURNING id"""
)
SETTLE = PreparedStatement(
    """UPDATE fynlo_payment SET state = %(state)s, provider_reference = %(provider_reference)s,
              failure_code = %(failure_code)s, write_date = %(moment)s
        WHERE id = %(payment)s"""
)
OF_ORDERS = PreparedStatement(
    PAYMENTS
    + """ WHERE payment.order_id = ANY(%(orders)s) AND payment.state NOT IN ('failed', 'cancelled', 'expired')
          ORDER BY payment.id"""
)


class FynloPayment(models.Model):
    """Amounts are whole minor units of ``currency_id``. Written by the payment service alone."""

    _name = "fynlo.payment"
    _inherit = ["fynlo.resource.mixin"]
    _description = "Payment"
    _order = "id desc"
    _rec_name = "fynlo_uuid"
    _resource_name = "payment"

    order_id = fields.Many2one("pos.order", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, index=True)
    session_id = fields.Many2one("pos.session", "Till session", readonly=True, index=True)
    employee_id = fields.Many2one("hr.employee", "Taken by", readonly=True)
    device_id = fields.Many2one("fynlo.device", readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    method = fields.Selection("_select_method", "Tender", required=True, readonly=True)
    state = fields.Selection(
        [
            ("reserved", "Reserved"),
            ("sent", "Sent"),
            ("action_required", "Action required"),
            ("authorised", "Authorised"),
            ("captured", "Captured"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
            ("expired", "Expired"),
            ("unknown", "Unknown"),
            ("refund_due", "Refund due"),
        ],
        required=True,
        readonly=True,
        default="reserved",
        index=True,
    )
    amount = fields.Integer("Amount (minor units)", required=True, readonly=True)
    tip = fields.Integer("Tip (minor units)", required=True, readonly=True, default=0)
    fee = fields.Integer("Fee (minor units)", required=True, readonly=True, default=0)
    surcharge = fields.Integer("Surcharge (minor units)", required=True, readonly=True, default=0)
    tendered = fields.Integer("Tendered (minor units)", required=True, readonly=True, default=0)
    change = fields.Integer("Change (minor units)", required=True, readonly=True, default=0)
    refunded = fields.Integer("Refunded (minor units)", required=True, readonly=True, default=0)
    amount_shown = fields.Monetary("Amount", required=True, readonly=True, currency_field="currency_id")
    provider_reference = fields.Char(readonly=True, index="btree_not_null")
    livemode = fields.Boolean(readonly=True)
    failure_code = fields.Char(readonly=True)
    version = fields.Integer(default=1, required=True, readonly=True)

    _amount_positive = models.Constraint("CHECK(amount > 0)", "A payment is of more than nothing.")
    _change_fits = models.Constraint(
        "CHECK(change >= 0 AND (tendered = 0 OR tendered = amount + tip + surcharge + change))",
        "What was tendered is the amount, the tip, the surcharge and the change.",
    )

    _refunded_fits = models.Constraint(
        "CHECK(refunded BETWEEN 0 AND amount + tip + surcharge)", "No more can be refunded of a payment than was taken."
    )

    @api.model
    def _select_method(self):
        return self.env["pos.payment.method"]._select_fynlo_provider()

    @api.model
    def _reserve(self, user_id, **values):
        """A new attempt in state ``reserved``; the database refuses a second one with its ``fynlo_uuid``."""
        moment = self.env.cr.now()
        RESERVE.execute(self.env.cr, user=user_id, moment=moment, **values)
        attempt = self.sudo().browse(self.env.cr.fetchone()[0])
        attempt._know(
            **values,
            state="reserved",
            fee=0,
            surcharge=0,
            refunded=0,
            owed=0,
            version=1,
            livemode=False,
            provider_reference=None,
            failure_code=None,
            card_brand=None,
            card_last4=None,
            create_date=moment,
            write_date=moment,
        )
        return attempt

    def _settle(self, outcome):
        """Write what the provider said of a reserved attempt."""
        said = {
            "state": outcome.state,
            "provider_reference": outcome.reference,
            "failure_code": outcome.failure_code,
        }
        SETTLE.execute(self.env.cr, payment=self.id, moment=self.env.cr.now(), **said)
        self._know(**said)

    def _know(self, **values):
        """Tell the ORM's cache what the row holds, so that it need not be read."""
        for name, value in values.items():
            self._fields[name]._update_cache(self, value)

    def _provider(self):
        return self.env[PREFIX + self.method]

    def _refundable(self):
        """What of the payment has not gone back yet."""
        return self.amount + self.tip - self.refunded if self.state == "captured" else 0

    @api.model
    def _documents_by_order(self, order_ids):
        """The payments of several orders in their shape, with one query; not those that came to nothing."""
        self.flush_model()
        OF_ORDERS.execute(self.env.cr, orders=list(order_ids))
        documents = {order_id: [] for order_id in order_ids}
        for row in self.env.cr.dictfetchall():
            documents[row["order_id"]].append(payment_document(row))
        return documents

    @api.model
    def _rows(self, location_id, *, limit, **wanted):
        """The newest payments of a location as rows; ``wanted`` holds values of ``FILTERS``, ``None`` asks for any."""
        self.flush_model()
        where = "".join(f" AND {FILTERS[name]}" for name, value in wanted.items() if value is not None)
        self.env.cr.execute(
            f"{PAYMENTS} WHERE payment.config_id = %(location)s{where} ORDER BY payment.id DESC LIMIT %(limit)s",
            {**wanted, "location": location_id, "limit": limit},
        )
        return self.env.cr.dictfetchall()

    @api.model
    def _document(self, uuid, location_id):
        """One payment of a location, or ``None``."""
        self.env.cr.execute(
            PAYMENTS + " WHERE payment.fynlo_uuid = %s AND payment.config_id = %s",
            (str(uuid), location_id),
        )
        row = self.env.cr.dictfetchone()
        return payment_document(row) if row else None

    def _api_values(self):
        return self._documents_by_order(self.order_id.ids)[self.order_id.id]


def payment_document(row):
    """The one shape of a payment (CONTRACT "Payment"): in answers, events and order documents."""

    def money(minor):
        return {"amount": minor, "currency": row["currency"]}

    brand = row["card_brand"]
    return {
        "id": row["fynlo_uuid"],
        "order_id": row["order_uuid"],
        "method": row["method"],
        "state": row["state"],
        "amount": money(row["amount"]),
        "tip": money(row["tip"]),
        "fee": money(row["fee"]),
        "surcharge": money(row["surcharge"]),
        "tendered": money(row["tendered"]),
        "change": money(row["change"]),
        "refunded": money(row["refunded"]),
        "refund_due": money(row["owed"]),
        "provider": {
            "name": row["method"],
            "reference": row["provider_reference"],
            "livemode": bool(row["livemode"]),
        },
        "card": {"brand": brand, "last4": row["card_last4"]} if brand else None,
        "failure": failure_document(row["failure_code"]),
        "action": None,
        "created_at": wire(row["create_date"]),
        "updated_at": wire(row["write_date"]),
        "version": row["version"],
    }

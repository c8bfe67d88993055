"""A refund: money of one payment that goes back to the guest."""

from decimal import Decimal

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.engine.facts import quantity_text
from odoo.addons.fynlo_pos_core.tools.clock import wire
from odoo.addons.fynlo_pos_core.tools.money import to_major, to_minor
from odoo.tools import SQL

#: state → states it may move to. A provider may take back its word: ``succeeded`` can still fail.
REFUND_STATES = {
    "reserved": frozenset({"sent", "succeeded", "failed"}),
    "sent": frozenset({"succeeded", "failed", "unknown"}),
    "unknown": frozenset({"succeeded", "failed"}),
    "succeeded": frozenset({"failed"}),
    "failed": frozenset(),
}

GIVEN_BACK = SQL("""
    SELECT 'refund', refund.create_date, refund.order_id, payment.method, refund.reason, employee.fynlo_uuid,
           refund.approver, refund.amount::numeric / 10 ^ money.decimal_places
      FROM fynlo_refund refund
      JOIN fynlo_payment payment ON payment.id = refund.payment_id
      JOIN res_currency money ON money.id = refund.currency_id
      LEFT JOIN hr_employee employee ON employee.id = refund.employee_id
     WHERE refund.state != 'failed'
""")


class FynloRefund(models.Model):
    """Written by the refund service alone. ``amount`` holds the ``tip`` in it; both are minor units.

    A return of goods that was paid in several payments has a refund for each; they share the
    negative order that books it. A ``rollback`` gives back a payment of an order that stays open
    and has none.
    """

    _name = "fynlo.refund"
    _inherit = ["fynlo.resource.mixin"]
    _description = "Refund"
    _order = "id desc"
    _rec_name = "fynlo_uuid"
    _resource_name = "refund"

    order_id = fields.Many2one("pos.order", required=True, readonly=True, index=True, ondelete="restrict")
    payment_id = fields.Many2one("fynlo.payment", required=True, readonly=True, index=True, ondelete="restrict")
    refund_order_id = fields.Many2one("pos.order", "Booked as", readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, index=True)
    session_id = fields.Many2one("pos.session", "Till session", required=True, readonly=True, index=True)
    employee_id = fields.Many2one("hr.employee", "By", readonly=True)
    device_id = fields.Many2one("fynlo.device", readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    kind = fields.Selection([("refund", "Refund"), ("rollback", "Payment taken back")], required=True, readonly=True)
    state = fields.Selection(
        [(name, name.capitalize()) for name in REFUND_STATES],
        required=True,
        readonly=True,
        default="reserved",
        index=True,
    )
    amount = fields.Integer("Amount (minor units)", required=True, readonly=True)
    tip = fields.Integer("Tip in it (minor units)", required=True, readonly=True, default=0)
    amount_shown = fields.Monetary("Amount", compute="_compute_amount_shown", store=True)
    reason = fields.Char(required=True, readonly=True)
    approver = fields.Char("Approved by", readonly=True)
    provider_reference = fields.Char(readonly=True, index="btree_not_null")
    failure_code = fields.Char(readonly=True)
    version = fields.Integer(default=1, required=True, readonly=True)

    order_number = fields.Char(related="order_id.fynlo_number", string="Order number")
    method = fields.Selection(related="payment_id.method")

    _amount_fits = models.Constraint("CHECK(amount > 0 AND tip BETWEEN 0 AND amount)", "A refund gives something back.")

    @api.depends("amount", "currency_id")
    def _compute_amount_shown(self):
        for refund in self:
            refund.amount_shown = to_major(refund.amount, refund.currency_id.decimal_places)

    def action_open_order(self):
        """The order that was refunded."""
        return self.payment_id.action_open_order()

    def _api_values(self):
        self.ensure_one()
        currency, employee = self.currency_id.name, self.employee_id
        failure = self.failure_code or None
        return {
            "id": self.fynlo_uuid,
            "kind": self.kind,
            "state": self.state,
            "order_id": self.order_id.uuid,
            "payment_id": self.payment_id.fynlo_uuid,
            "number": self.refund_order_id.fynlo_number or None,
            "method": self.method,
            "amount": {"amount": self.amount, "currency": currency},
            "tip": {"amount": self.tip, "currency": currency},
            "reason": self.reason,
            "approved_by": self.approver or None,
            "lines": [_line(line, currency) for line in self._lines()],
            "till_session_id": self.session_id.fynlo_uuid,
            "employee": {"id": employee.fynlo_uuid, "name": employee.name} if employee else None,
            "device_id": self.device_id.fynlo_uuid or None,
            "provider": {"name": self.method, "reference": self.provider_reference or None, "livemode": False},
            "failure": {"code": failure, "message": failure, "retryable": False} if failure else None,
            "created_at": wire(self.create_date),
            "updated_at": wire(self.write_date),
            "version": self.version,
        }

    def _lines(self):
        """The rows of goods and service charge that went back; a combo shows with what its parts came to."""
        tip = self.config_id.tip_product_id
        rows = self.refund_order_id.sudo().lines
        return rows.filtered(lambda line: line.product_id != tip and not line.combo_parent_id)

    def _announce(self):
        for refund in self:
            topic = f"l.{refund.config_id.fynlo_uuid}.payments"
            values = refund._api_values()
            self.env["fynlo.outbox"]._emit(refund.company_id.id, topic, "refund.updated", refund.fynlo_uuid, values)


def _line(line, currency):
    digits = line.currency_id.decimal_places
    total = sum((line | line.combo_line_ids).mapped("price_subtotal_incl"))
    return {
        "line_id": line.refunded_orderline_id.uuid,
        "name": line.full_product_name,
        "quantity": None if line.fynlo_allowance else quantity_text(Decimal(repr(round(-line.qty, 3)))),
        "amount": {"amount": -to_minor(total, digits), "currency": currency},
        "restocked": bool(line.fynlo_restocked),
    }


class FynloGiveaway(models.Model):
    _inherit = "fynlo.giveaway"

    def _sources(self):
        self.env["fynlo.refund"].flush_model()
        return [*super()._sources(), GIVEN_BACK]


class PosOrder(models.Model):
    _inherit = "pos.order"

    def _fynlo_resource_ids(self):
        """The events of an order's refunds belong on its timeline."""
        refunds = self.env["fynlo.refund"].sudo().search([("order_id", "in", self.ids)])
        return super()._fynlo_resource_ids() + refunds.mapped("fynlo_uuid")

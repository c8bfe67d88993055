"""A refund: money of one payment that goes back to the guest."""

from decimal import Decimal

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.engine.facts import quantity_text
from odoo.addons.fynlo_pos_core.tools.clock import wire
from odoo.addons.fynlo_pos_core.tools.money import to_major, to_minor
from odoo.tools import SQL

from ..providers.provider import PREFIX

#: state → states it may move to. A provider may take back its word: ``succeeded`` can still fail.
REFUND_STATES = {
    "reserved": frozenset({"sent", "succeeded", "failed"}),
    "sent": frozenset({"succeeded", "failed", "unknown"}),
    "unknown": frozenset({"sent", "succeeded", "failed"}),
    "succeeded": frozenset({"failed"}),
    "failed": frozenset(),
}

#: Whether the money is under way to the guest: the provider was or will be asked, and has not decided yet.
WAITING = frozenset({"sent", "unknown"})

GIVEN_BACK = SQL("""
    SELECT 'refund', refund.create_date, refund.order_id, coalesce(refund.to_method, payment.method), refund.reason,
           employee.fynlo_uuid,
           refund.approver, refund.amount::numeric / 10 ^ money.decimal_places
      FROM fynlo_refund refund
      JOIN fynlo_payment payment ON payment.id = refund.payment_id
      JOIN res_currency money ON money.id = refund.currency_id
      LEFT JOIN hr_employee employee ON employee.id = refund.employee_id
     WHERE refund.kind IN ('refund', 'rollback')
""")


class FynloRefund(models.Model):
    """Written by the refund service alone. ``amount`` holds the ``tip`` in it; both are minor units.

    A return of goods that was paid in several payments has a refund for each; they share the
    negative order that books it. A ``rollback`` gives back a payment of an order that stays open
    and has none. Money that a provider then did not give back is ``owed`` to the guest until a
    ``repeat`` takes it over. ``late`` gives back money that came when no order needed it.
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
    session_id = fields.Many2one("pos.session", "Till session", readonly=True, index=True, ondelete="restrict")
    employee_id = fields.Many2one("hr.employee", "By", readonly=True)
    device_id = fields.Many2one("fynlo.device", readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    kind = fields.Selection(
        [
            ("refund", "Refund"),
            ("rollback", "Payment taken back"),
            ("repeat", "Given back again"),
            ("late", "Came too late"),
        ],
        required=True,
        readonly=True,
    )
    to_method = fields.Selection("_select_method", "Instead of the tender", readonly=True)
    request_uuid = fields.Char("Asked for as", readonly=True, index="btree_not_null")
    repeat_of_id = fields.Many2one(
        "fynlo.refund", "Instead of", readonly=True, ondelete="restrict", index="btree_not_null"
    )
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
    owed = fields.Integer("Still owed (minor units)", required=True, readonly=True, default=0)
    owed_shown = fields.Monetary("Still owed", compute="_compute_amount_shown", store=True)
    provider_reference = fields.Char(readonly=True, index="btree_not_null")
    provider_key = fields.Char("Idempotency key at the provider", readonly=True, copy=False, groups="base.group_system")
    sent_at = fields.Datetime(readonly=True)
    next_look_at = fields.Datetime("Looked at next", readonly=True, index="btree_not_null")
    looks = fields.Integer("Times looked at", readonly=True)
    failure_code = fields.Char(readonly=True)
    version = fields.Integer(default=1, required=True, readonly=True)

    order_number = fields.Char(related="order_id.fynlo_number", string="Order number")
    method = fields.Selection("_select_method", "Tender", compute="_compute_method")

    _amount_fits = models.Constraint("CHECK(amount > 0 AND tip BETWEEN 0 AND amount)", "A refund gives something back.")
    _owed_fits = models.Constraint(
        "CHECK(owed = 0 OR (owed = amount AND state = 'failed'))", "What did not go back is owed, all of it."
    )
    _provider_key_once = models.UniqueIndex("(provider_key) WHERE provider_key IS NOT NULL")

    @api.model
    def _select_method(self):
        return self.env["pos.payment.method"]._select_fynlo_provider()

    @api.depends("to_method", "payment_id.method")
    def _compute_method(self):
        for refund in self:
            refund.method = refund.to_method or refund.payment_id.method

    @api.depends("amount", "owed", "currency_id")
    def _compute_amount_shown(self):
        for refund in self:
            digits = refund.currency_id.decimal_places
            refund.amount_shown = to_major(refund.amount, digits)
            refund.owed_shown = to_major(refund.owed, digits)

    def _provider(self):
        """The tender by which the money goes back."""
        return self.env[PREFIX + self.method]

    def _returns_goods(self):
        """Whether it is, or repeats, a refund of a completed order, which counts on the order."""
        return self.repeat_of_id._returns_goods() if self.repeat_of_id else self.kind == "refund"

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
            "owed": {"amount": self.owed, "currency": currency},
            "repeat_of": self.repeat_of_id.fynlo_uuid or None,
            "reason": self.reason,
            "approved_by": self.approver or None,
            "lines": [_line(line, currency) for line in self._lines()],
            "till_session_id": self.session_id.fynlo_uuid or None,
            "employee": {"id": employee.fynlo_uuid, "name": employee.name} if employee else None,
            "device_id": self.device_id.fynlo_uuid or None,
            "provider": {
                "name": self.method,
                "reference": self.provider_reference or None,
                "livemode": bool(self.payment_id.livemode and not self.to_method),
            },
            "failure": {"code": failure, "message": failure, "retryable": bool(self.owed)} if failure else None,
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

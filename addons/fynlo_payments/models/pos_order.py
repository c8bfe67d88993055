"""Where payments meet Odoo's own records."""

from odoo import api, fields, models

from ..providers.provider import PREFIX


class PosOrder(models.Model):
    _inherit = "pos.order"

    # Odoo's web till reads every field its cashier may see; without the group its orders would fail
    fynlo_payment_ids = fields.One2many(
        "fynlo.payment", "order_id", "Payment attempts", readonly=True, groups="fynlo_pos_core.group_manager"
    )

    def _fynlo_payment_documents(self, order_ids):
        return self.env["fynlo.payment"]._documents_by_order(order_ids)


class PosPayment(models.Model):
    _inherit = "pos.payment"

    fynlo_payment_id = fields.Many2one(
        "fynlo.payment", "Payment attempt", readonly=True, index="btree_not_null", ondelete="restrict"
    )


class PosPaymentMethod(models.Model):
    _name = "pos.payment.method"
    _inherit = ["pos.payment.method", "fynlo.menu.part"]
    _menu_fields = frozenset({"active", "fynlo_provider", "config_ids", "journal_id", "sequence"})

    fynlo_provider = fields.Selection(
        "_select_fynlo_provider",
        "Till tender",
        compute="_compute_fynlo_provider",
        store=True,
        readonly=False,
        help="How tills take this payment. Empty: not offered on tills.",
    )

    @api.model
    def _select_fynlo_provider(self):
        codes = sorted(name.removeprefix(PREFIX) for name in self.env.registry if name.startswith(PREFIX))
        return [(code, self.env[PREFIX + code]._description) for code in codes]

    @api.depends("is_cash_count")
    def _compute_fynlo_provider(self):
        for method in self:
            method.fynlo_provider = "cash" if method.is_cash_count else method.fynlo_provider

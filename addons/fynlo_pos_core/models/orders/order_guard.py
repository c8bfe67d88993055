"""Who may change a till's order: the order service alone; Odoo may close it, managers may invoice it.

The context of a call is the client's to choose, so being the service takes the context key *and*
superuser rights. Orders that were not made on a till stay as Odoo has them.
"""

from odoo import api, models
from odoo.exceptions import AccessError

from .pos_order import is_order_service

#: What even code with superuser rights leaves to the service: what was sold, for how much, how it was paid.
MONEY = {
    "pos.order": frozenset(
        {
            "amount_total", "amount_tax", "amount_paid", "amount_return", "amount_difference", "lines", "payment_ids",
            "tip_amount", "is_tipped", "currency_rate", "pricelist_id", "fiscal_position_id", "session_id",
            "company_id", "uuid",
        }
    ),
    "pos.order.line": frozenset(
        {
            "order_id", "product_id", "qty", "price_unit", "price_extra", "discount", "price_subtotal",
            "price_subtotal_incl", "tax_ids", "combo_parent_id", "combo_line_ids", "combo_item_id",
            "company_id", "uuid",
        }
    ),
    "pos.payment": frozenset(
        {
            "pos_order_id", "amount", "payment_method_id", "is_change", "payment_date", "payment_status", "session_id",
            "uuid",
        }
    ),
}  # fmt: skip

#: What a person may change on a till's order, by way of Odoo's own buttons: its invoice and its closing.
ORDINARY = {
    "pos.order": frozenset({"state", "account_move", "session_move_id", "to_invoice", "partner_id", "nb_print"}),
    "pos.order.line": frozenset({"total_cost", "is_total_cost_computed"}),
    "pos.payment": frozenset({"account_move_id"}),
}
#: People also follow, schedule and discuss orders.
CHATTER = ("message_", "activity_", "website_message_")


class FynloOrderGuard(models.AbstractModel):
    """Refuses changes to what belongs to a till's order, whichever way they come in."""

    _name = "fynlo.order.guard.mixin"
    _description = "Keeps the orders of tills as they were made"

    @api.model_create_multi
    def create(self, vals_list):
        if not is_order_service(self.env):
            self._guard_create(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        if not is_order_service(self.env):
            self._guard_write(vals)
        return super().write(vals)

    def unlink(self):
        if not is_order_service(self.env) and self._guarded():
            self._refuse()
        return super().unlink()

    # --- rules ---------------------------------------------------------------------------

    def _guard_create(self, vals_list):
        if self._order_of_new(vals_list)._guarded():
            self._refuse()

    def _guard_write(self, vals):
        guarded = self._guarded() or self._order_of_new([vals])._guarded()
        if not guarded:
            return
        money = {name for name in vals if name in MONEY[self._name] or name.startswith("fynlo_")}
        foreign = {name for name in vals if name not in ORDINARY[self._name] and not name.startswith(CHATTER)}
        if money or (foreign and not self.env.su) or not guarded._may_become(vals.get("state")):
            self._refuse()

    def _guarded(self):
        """Those of these records that belong to tills' orders."""
        return self.filtered(lambda record: record._guard_order().fynlo_number)

    def _guard_order(self):
        """The order that a record belongs to, readable whoever asks."""
        return self.sudo()[self._guard_link]

    def _order_of_new(self, vals_list):
        """The orders to which these values would add or move a record."""
        ids = [vals[self._guard_link] for vals in vals_list if vals.get(self._guard_link)]
        return self.env["pos.order"].browse(ids)

    def _may_become(self, _state):
        return True

    def _refuse(self):
        raise AccessError(
            self.env._("This order was made on a till. Change it on a till, where prices, taxes and payments follow.")
        )


class PosOrder(models.Model):
    _name = "pos.order"
    _inherit = ["pos.order", "fynlo.order.guard.mixin"]

    def _guard_create(self, vals_list):
        """A till's number is given by the service, so nothing else can pass for a till's order."""
        if any(vals.get("fynlo_number") for vals in vals_list):
            self._refuse()

    def _refund(self):
        """Odoo's own refund would neither give the money back nor tell the tills."""
        if self._guarded():
            raise AccessError(self.env._("This order was made on a till. Refund it on a till."))
        return super()._refund()

    def _guard_order(self):
        return self.sudo()

    def _order_of_new(self, vals_list):
        if any(vals.get("fynlo_number") for vals in vals_list):
            self._refuse()
        return self.browse()

    def _may_become(self, state):
        """Closing a till makes its paid orders done; every other step is the service's."""
        return not state or all(order.state == state or (order.state, state) == ("paid", "done") for order in self)


class PosOrderLine(models.Model):
    _name = "pos.order.line"
    _inherit = ["pos.order.line", "fynlo.order.guard.mixin"]
    _guard_link = "order_id"


class PosPayment(models.Model):
    _name = "pos.payment"
    _inherit = ["pos.payment", "fynlo.order.guard.mixin"]
    _guard_link = "pos_order_id"

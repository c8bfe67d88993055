"""``pos.order`` and its lines as tills know them.

An order is a ``pos.order`` from its first moment. Only the order service writes to it; it gives
every stored value, so nothing is computed twice (see ``_create``).
"""

from odoo import fields, models

from ...tools.money import to_minor

#: Context key of the order service: every stored value is given, and none is computed again.
GIVEN = "fynlo_values_given"

STATES = {"draft": "open", "paid": "completed", "done": "completed", "invoiced": "completed", "cancel": "cancelled"}


def is_order_service(env):
    """Whether the order service is writing. Clients choose their context, so it takes superuser rights too."""
    return env.su and bool(env.context.get(GIVEN))


class GivenValues(models.AbstractModel):
    """Keeps the values that the order service gives for stored computed fields.

    Odoo protects only editable ones on create; the others would be computed a second time, with
    a query each.
    """

    _name = "fynlo.given.values.mixin"
    _description = "Keeps given values of computed fields"

    def _create(self, data_list):
        if is_order_service(self.env):
            for data in data_list:
                given = (self._fields[name] for name in data["stored"])
                data["protected"] |= {field for field in given if field.compute and field.store}
        return super()._create(data_list)

    def new(self, values=None, origin=None, ref=None):
        """Odoo asks a throw-away record for the currency of every amount; one a transaction is enough."""
        if not (self.env.context.get(GIVEN) and values and len(values) == 1 and origin is None and ref is None):
            return super().new(values, origin, ref)
        (name,) = values
        known = self.env.cr.cache.setdefault("fynlo.currency", {})
        key = (self._name, name, values[name])
        asked = known.get(key)
        if asked is None or asked.env is not self.env or name not in asked._cache:
            asked = known[key] = super().new(values)
        return asked


class PosOrder(models.Model):
    _name = "pos.order"
    _inherit = ["pos.order", "fynlo.given.values.mixin"]

    fynlo_version = fields.Integer("Version", default=1, required=True, readonly=True, copy=False)
    fynlo_number = fields.Char("Till number", readonly=True, copy=False, index="btree_not_null")
    fynlo_device_id = fields.Many2one("fynlo.device", "Device", readonly=True, copy=False, index="btree_not_null")
    fynlo_fulfilment = fields.Selection(
        [
            ("new", "New"),
            ("sent", "Sent"),
            ("preparing", "Preparing"),
            ("ready", "Ready"),
            ("served", "Served"),
        ],
        "Fulfilment",
        default="new",
        required=True,
        readonly=True,
        copy=False,
    )
    fynlo_payment_state = fields.Selection(
        [
            ("unpaid", "Unpaid"),
            ("partly_paid", "Partly paid"),
            ("paid", "Paid"),
            ("partly_refunded", "Partly refunded"),
            ("refunded", "Refunded"),
        ],
        "Payment",
        default="unpaid",
        required=True,
        readonly=True,
        copy=False,
    )
    fynlo_business_date = fields.Date("Business date", readonly=True, copy=False, index="btree_not_null")
    fynlo_client_created_at = fields.Datetime("Made on the till at", readonly=True, copy=False)
    fynlo_catalogue_version = fields.Integer("Catalogue version", readonly=True, copy=False)
    fynlo_price_drift = fields.Json(
        "Price drift", readonly=True, copy=False, help="What the till expected and what it cost, when they differed."
    )
    fynlo_late_arrival = fields.Boolean("Late arrival", readonly=True, copy=False)
    fynlo_shortages = fields.Json(
        "Shortages", readonly=True, copy=False, help="What was promised to the guest beyond what there was."
    )
    fynlo_stamps = fields.Json("Last edits by field", readonly=True, copy=False)
    fynlo_courses = fields.Json("Fired courses", readonly=True, copy=False)
    fynlo_service_charge = fields.Json("Service charge", readonly=True, copy=False)
    fynlo_discounts = fields.Json("Discounts", readonly=True, copy=False)
    fynlo_rounding = fields.Integer(
        "Cash rounding (minor units)",
        default=0,
        readonly=True,
        copy=False,
        help="What rounding the payment to the coins in use added to the bill, or took off.",
    )
    fynlo_reserved = fields.Integer(
        "Reserved (minor units)",
        default=0,
        required=True,
        readonly=True,
        copy=False,
        help="What payments that are not over yet would pay of the order.",
    )
    fynlo_refunded = fields.Integer("Refunded (minor units)", default=0, required=True, readonly=True, copy=False)
    fynlo_tab_name = fields.Char("Tab", size=64, readonly=True, copy=False, help="Whose tab it is, without a table.")
    fynlo_server_id = fields.Many2one(
        "hr.employee",
        "Handed over to",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Who serves it now; empty while that is who made it.",
    )
    fynlo_shares = fields.Json("Shares of the bill", readonly=True, copy=False)
    fynlo_split_from_id = fields.Many2one(
        "pos.order", "Split from", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )
    fynlo_merged_into_id = fields.Many2one(
        "pos.order", "Merged into", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )

    _fynlo_open_tables = models.Index("(table_id) WHERE state = 'draft' AND table_id IS NOT NULL")
    #: A page of a location's orders, the newest first: without it a location that sells little reads all the others'.
    _fynlo_of_location = models.Index("(config_id, id) WHERE fynlo_number IS NOT NULL")
    _fynlo_table_visits = models.Index("(table_id, create_date) WHERE table_id IS NOT NULL")

    def exists(self):
        """The order service creates lines with their order; stock asks once a line whether it exists."""
        return self if is_order_service(self.env) else super().exists()

    def _fynlo_payment_documents(self, order_ids):
        """Payments by order id, in their shape on the wire. Payment addons fill this in."""
        return {order_id: [] for order_id in order_ids}

    def _fynlo_minor(self, amount):
        return to_minor(amount, self.currency_id.decimal_places)


class PosOrderLine(models.Model):
    _name = "pos.order.line"
    _inherit = ["pos.order.line", "fynlo.given.values.mixin"]

    fynlo_state = fields.Selection(
        [("active", "Active"), ("voided", "Voided")], "State", default="active", required=True, readonly=True
    )
    fynlo_course = fields.Integer("Course", default=1, readonly=True)
    fynlo_seat = fields.Integer("Seat", readonly=True)
    fynlo_sent_quantity = fields.Float("Sent to the kitchen", digits="Product Unit", readonly=True, copy=False)
    fynlo_modifiers = fields.Json("Modifiers", readonly=True)
    fynlo_halves = fields.Json("Halves", readonly=True)
    fynlo_taxes = fields.Json("Taxes of the line", readonly=True)
    fynlo_discount = fields.Integer("Discount (minor units)", readonly=True)
    fynlo_void = fields.Json("Void", readonly=True, copy=False)
    fynlo_wasted = fields.Float(
        "Wasted",
        digits="Product Unit",
        readonly=True,
        copy=False,
        help="Voided after the kitchen had it, and not to be sold again.",
    )
    fynlo_choice_uuid = fields.Char("Combo choice", readonly=True)
    fynlo_catalogue_version = fields.Integer("Catalogue version", readonly=True)
    fynlo_restocked = fields.Boolean("Put back into stock", readonly=True, copy=False, help="Of a line that refunds.")
    fynlo_allowance = fields.Boolean(
        "Of the price alone",
        readonly=True,
        copy=False,
        help="Gives back money and no goods; its quantity means nothing.",
    )

    #: What has been sold of a product since its stock was last moved.
    _fynlo_sales = models.Index("(product_id, order_id)")


class PosPayment(models.Model):
    _name = "pos.payment"
    _inherit = ["pos.payment", "fynlo.given.values.mixin"]

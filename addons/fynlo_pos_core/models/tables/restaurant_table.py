"""Tables as tills seat parties at them."""

from odoo import fields, models


class RestaurantTable(models.Model):
    _inherit = "restaurant.table"

    fynlo_version = fields.Integer(
        "API version",
        default=1,
        required=True,
        readonly=True,
        copy=False,
        help="Counts seatings and joins of the table, not the changes of its orders.",
    )

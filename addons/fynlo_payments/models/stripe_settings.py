"""Stripe's settings of a location. They name keys; the keys themselves are no part of the database."""

import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..providers.stripe_client.environment import KEY_NAME
from .payment import HOLDING

#: What decides where at Stripe payments are.
WHERE = ("fynlo_stripe_mode", "fynlo_stripe_account", "fynlo_stripe_key")

#: field → what Stripe's own ids of that kind look like
SHAPES = {
    "fynlo_stripe_account": re.compile(r"acct_[A-Za-z0-9]{1,60}"),
    "fynlo_stripe_terminal_location": re.compile(r"tml_[A-Za-z0-9_]{1,60}"),
    "fynlo_stripe_key": KEY_NAME,
}


class PosConfig(models.Model):
    _inherit = "pos.config"

    fynlo_stripe_mode = fields.Selection(
        [("test", "Test: no money moves"), ("live", "Live: real money")],
        "Stripe",
        help="Empty: this location does not use Stripe.",
    )
    fynlo_stripe_account = fields.Char(
        "Connected account",
        help="Stripe's id of the restaurant's account (acct_…). Payments are made there, less the fee of Fynlo.",
    )
    fynlo_stripe_capture = fields.Selection(
        [("automatic", "At once"), ("manual", "Held, and captured later")],
        "Money is captured",
        default="automatic",
        required=True,
    )
    fynlo_stripe_key = fields.Char(
        "Name of the key",
        help="Empty: the server's usual key. SOHO: the variables whose names end in _SOHO. Never the key itself.",
    )
    fynlo_stripe_terminal_location = fields.Char(
        "Location of the readers",
        help="Stripe's id of the Terminal location (tml_…) to which readers of this restaurant belong.",
    )

    @api.constrains(*WHERE)
    def _check_fynlo_stripe_is_idle(self):
        """The till goes on with a payment at Stripe itself, by what ``/stripe/config`` says of the location now."""
        open_still = [("config_id", "in", self.ids), ("method", "=", "stripe"), ("state", "in", list(HOLDING))]
        if self.env["fynlo.payment"].sudo().search_count(open_still, limit=1):
            raise ValidationError(
                self.env._("Card payments here are not over yet. Change where they are made once they are.")
            )

    @api.constrains(*SHAPES)
    def _check_fynlo_stripe(self):
        for location in self:
            for name, shape in SHAPES.items():
                if location[name] and not shape.fullmatch(location[name]):
                    raise ValidationError(self.env._("%s is not written like that.", self._fields[name].string))

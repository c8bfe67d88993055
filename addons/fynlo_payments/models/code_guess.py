"""Wrong gift card codes are counted for each device, as failed sign-ins are."""

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.models.identity.lockout import RULES, Rule, Subject
from odoo.addons.fynlo_pos_core.rest import Problem, declare

KIND = "gift_card_code"
RULES[KIND] = Rule(10, 15)

declare(
    "gift_card_locked",
    429,
    "Too many wrong codes",
    "Too many codes that no gift card has were sent; this device's are refused for a while, even right ones.",
    "Wait Retry-After seconds, or ask a manager to unlock the device in the back office.",
)


class FynloLockout(models.Model):
    _inherit = "fynlo.lockout"

    kind = fields.Selection(selection_add=[(KIND, "Gift card codes on one device")], ondelete={KIND: "cascade"})


class FynloCodeGuess(models.AbstractModel):
    _name = "fynlo.code.guess"
    _description = "Guessing of gift card codes"

    @api.model
    def _hold(self, identity):
        """Let the device's tries come one after the other. Raises ``gift_card_locked``."""
        try:
            self.env["fynlo.lockout"].sudo()._hold([_subject(identity)])
        except Problem as locked:
            raise Problem(
                "gift_card_locked", self.env._("Too many wrong codes. Try again later."), headers=locked.headers
            ) from None

    @api.model
    def _fail(self, identity, address):
        """Count a wrong code. The caller raises a lasting problem, so that the count outlives the request."""
        self.env["fynlo.lockout"].sudo()._fail([_subject(identity)], address)


def _subject(identity):
    return Subject(KIND, identity.scope, identity.company_id, identity.employee_id or None, identity.device_id or None)

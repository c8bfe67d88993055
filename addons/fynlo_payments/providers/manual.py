"""Manual: money taken by a device that knows nothing of us (a card terminal of the bank, a voucher)."""

from odoo import models

from .provider import PREFIX, Outcome


class FynloProviderManual(models.AbstractModel):
    """The employee says that the money was taken, and gives it back on the same device.

    ``details.reference`` is what the device printed (an authorisation code); it is kept for the comparison
    with the device's own report.
    """

    _name = PREFIX + "manual"
    _inherit = ["fynlo.provider"]
    _description = "Card machine or voucher"

    _immediate = True

    def _charge(self, attempt):
        return Outcome("captured", reference=self.env.context.get("fynlo_printed"))

    def _refund(self, refund):
        return Outcome("succeeded")

"""Manual: money taken by a device that knows nothing of us (a card terminal of the bank, a voucher)."""

import re

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import Invalid

from .provider import PREFIX, Outcome


#: Authorisation codes and voucher numbers as devices print them.
PRINTED = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./_-]{0,39}")


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


class FynloPaymentService(models.AbstractModel):
    _inherit = "fynlo.payment.service"

    @api.model
    def _take(self, identity, order_uuid, wish):
        printed = wish.details.get("reference") if wish.method == "manual" else None
        if printed is None:
            return super()._take(identity, order_uuid, wish)
        if not isinstance(printed, str) or not PRINTED.fullmatch(printed):
            raise Invalid(self.env._("The reference is what the device printed."), field="details.reference")
        return super(FynloPaymentService, self.with_context(fynlo_printed=printed))._take(identity, order_uuid, wish)

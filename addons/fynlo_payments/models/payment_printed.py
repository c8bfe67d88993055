"""What a card machine has printed, kept with a payment that it took."""

import re

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import Invalid

#: Authorisation codes and voucher numbers as devices print them.
PRINTED = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./_-]{0,39}")


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

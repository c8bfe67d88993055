"""Pay by bank: the guest agrees at the own bank, and the money comes by TrueLayer."""

from odoo import api, models

from .provider import PREFIX


class FynloProviderOpenBanking(models.AbstractModel):
    _name = PREFIX + "open_banking"
    _inherit = ["fynlo.provider"]
    _description = "Pay by bank"

    _immediate = False
    _bank_name = "truelayer"

    @api.model
    def _connection(self, location):
        """The bank connection of a location. Raises ``ProviderUnavailable`` while it is not set up."""
        return self.env["fynlo.truelayer.connection"]._connection(location)

    @api.model
    def _listener(self):
        """The connection that verifies notifications. Raises ``ProviderUnavailable`` while it is not set up."""
        return self.env["fynlo.truelayer.connection"]._listener()

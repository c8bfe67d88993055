"""A neutralised copy of a database reaches no provider outside, whatever the environment of its process says."""

from odoo import api, models

from ..providers.connection import ProviderUnavailable


class FynloProvider(models.AbstractModel):
    _inherit = "fynlo.provider"

    @api.model
    def _require_original(self):
        """Raises :class:`ProviderUnavailable` in a copy. Every way to the outside, and every listener, asks first."""
        if self.env["ir.config_parameter"].sudo().get_param("database.is_neutralized"):
            raise ProviderUnavailable("provider_database_is_a_copy")


class FynloStripeConnection(models.AbstractModel):
    _inherit = "fynlo.stripe.connection"

    @api.model
    def _open(self, place, currency):
        self.env["fynlo.provider"]._require_original()
        return super()._open(place, currency)

    @api.model
    def _listener(self):
        self.env["fynlo.provider"]._require_original()
        return super()._listener()


class FynloTrueLayerConnection(models.AbstractModel):
    _inherit = "fynlo.truelayer.connection"

    @api.model
    def _connection(self, location):
        self.env["fynlo.provider"]._require_original()
        return super()._connection(location)

    @api.model
    def _listener(self):
        self.env["fynlo.provider"]._require_original()
        return super()._listener()

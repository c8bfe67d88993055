"""Stripe's connection of a location: its settings here, the secrets from the process's environment."""

from functools import lru_cache

from odoo import api, models

from ..providers.connection import ProviderUnavailable
from ..providers.setup import SetupFact
from ..providers.stripe_client import StripeConnection, StripeListener, StripeSettings, environment

#: The columns in which a payment keeps where at Stripe it was made.
PLACE = ("provider_mode", "provider_account", "provider_secret_name")


class FynloStripeConnection(models.AbstractModel):
    _name = "fynlo.stripe.connection"
    _description = "Stripe connection"

    @api.model
    def _connection(self, location):
        """The connection for new payments of a location (pos.config). Calls nobody.

        Raises :class:`ProviderUnavailable` while the location has no mode, when its key is missing or of
        the other mode, and when a simulated Stripe is named where real money is meant.
        """
        return self._open(self._place(location), location.sudo().currency_id)

    @api.model
    def _connection_of(self, payment):
        """The connection to where a payment was made, of which it keeps the place. Raises as :meth:`_connection`."""
        payment = payment.sudo()
        return self._open({name: payment[name] for name in PLACE}, payment.currency_id)

    @api.model
    def _place(self, location):
        """Where a location's payments are made, as the columns in which each payment keeps it."""
        location = location.sudo()
        return {
            "provider_mode": location.fynlo_stripe_mode,
            "provider_account": location.fynlo_stripe_account,
            "provider_secret_name": location.fynlo_stripe_key,
        }

    @api.model
    def _open(self, place, currency):
        """The connection to ``place``, for amounts in the minor unit of ``currency``."""
        if not place["provider_mode"]:
            raise ProviderUnavailable("provider_unavailable")
        livemode = place["provider_mode"] == "live"
        return _connect(
            StripeSettings(
                secret_key=environment.secret_key(livemode, place["provider_secret_name"] or None),
                livemode=livemode,
                webhook_secrets=environment.webhook_secrets(),
                account=place["provider_account"] or None,
                api_version=environment.api_version(),
                api_base=environment.api_base(livemode),
                digits=currency.decimal_places,
            )
        )

    @api.model
    def _listener(self):
        """Verifies notifications of every account. Raises :class:`ProviderUnavailable` without a secret."""
        return StripeListener(environment.webhook_secrets())

    @api.model
    def _public(self, location):
        """What a till may know, to speak with Stripe itself. Raises :class:`ProviderUnavailable`."""
        self._connection(location)
        location = location.sudo()
        livemode = location.fynlo_stripe_mode == "live"
        return {
            "mode": location.fynlo_stripe_mode,
            "livemode": livemode,
            "publishable_key": environment.publishable_key(livemode, location.fynlo_stripe_key or None),
            "api_version": environment.api_version(),
            "account": location.fynlo_stripe_account or None,
            "capture": location.fynlo_stripe_capture,
            "terminal_location": location.fynlo_stripe_terminal_location or None,
        }

    @api.model
    def _facts(self, location):
        """What a location needs before cards are taken, as a list of :class:`~..providers.setup.SetupFact`."""
        location = location.sudo()
        if not location.fynlo_stripe_mode:
            hint = self.env._("Choose Test or Live in the settings of the location, under Cards by Stripe.")
            return [SetupFact(self.env._("Mode"), False, hint)]
        livemode, key_name = location.fynlo_stripe_mode == "live", location.fynlo_stripe_key or None
        variable = environment.variable(environment.SECRET_KEY_FILE, livemode, key_name)
        return [
            SetupFact(
                self.env._("Mode"), True, self.env._("Real money moves.") if livemode else self.env._("No money moves.")
            ),
            SetupFact(
                self.env._("Secret key"),
                self.env["fynlo.provider.stripe"]._is_set_up(location),
                self.env._("%s names a file with the secret or restricted key of this mode.", variable),
            ),
            SetupFact(
                self.env._("Webhook secret"),
                bool(environment.webhook_secrets()),
                self.env._("%s names a file with the endpoint's secret, one a line.", environment.WEBHOOK_SECRETS_FILE),
            ),
        ]


@lru_cache(maxsize=256)
def _connect(settings):
    """Kept while the settings are the same, with its open lines; a changed key or setting makes another."""
    return StripeConnection(settings)

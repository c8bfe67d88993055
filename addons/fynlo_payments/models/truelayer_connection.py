"""TrueLayer's connection, set up by the process's environment; secrets never reach the database."""

import os
from functools import cache
from pathlib import Path

from odoo import api, models

from ..providers.connection import ProviderUnavailable
from ..providers.truelayer_client import LIVE, SANDBOX, Account, TrueLayerConnection, loopback

PREFIX = "FYNLO_TRUELAYER_"
TEXTS = ("CLIENT_ID", "KEY_ID", "MERCHANT_ACCOUNT", "PAYER_EMAIL", "RETURN_URL")
FILES = ("CLIENT_SECRET_FILE", "PRIVATE_KEY_FILE")
PRODUCTION = "production"
ENVIRONMENTS = {"live": LIVE, "sandbox": SANDBOX}


class FynloTrueLayerConnection(models.AbstractModel):
    """One account for all locations of the installation, as the variables of one process name one account."""

    _name = "fynlo.truelayer.connection"
    _description = "TrueLayer connection"

    @api.model
    def _connection(self, location):
        """The connection of a location (pos.config).

        Raises :class:`ProviderUnavailable` when a setting is missing or damaged, and for a location
        that does not sell in pounds.
        """
        if location.currency_id.name != "GBP":
            raise ProviderUnavailable("provider_unavailable")
        return self._listener()

    @api.model
    def _listener(self):
        """The connection that verifies notifications, which name no location. Raises like :meth:`_connection`."""
        values = tuple(os.environ.get(PREFIX + name, "") for name in ("ENVIRONMENT", *TEXTS, *FILES))
        if os.environ.get("FYNLO_ENV") == PRODUCTION and values[0] != "live":
            raise ProviderUnavailable("provider_unavailable")  # a bank that moves no money must settle no bill
        return _connect(values)


@cache
def _connect(values):
    """Kept for the life of the process, with its token; a setting that is missing is asked for again."""
    if not all(values):
        raise ProviderUnavailable("provider_unavailable")
    where, client_id, key_id, merchant_account, payer_email, return_url, *files = values
    try:
        environment = ENVIRONMENTS.get(where) or loopback(where)
        secret, private_key = (Path(name).read_bytes() for name in files)
        account = Account(
            client_id, secret.decode().strip(), key_id, private_key, merchant_account, payer_email, return_url
        )
    except (OSError, ValueError) as missing:
        raise ProviderUnavailable("provider_unavailable") from missing
    return TrueLayerConnection(environment, account)

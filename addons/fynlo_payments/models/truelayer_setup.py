"""What paying by bank needs at a location, by the names of the variables that TrueLayer's connection is made of."""

import os
from pathlib import Path

from odoo import models

from ..providers.provider import PREFIX as PROVIDERS
from ..providers.setup import SetupFact
from .truelayer_connection import ENVIRONMENTS, FILES, PREFIX, PRODUCTION, TEXTS


class FynloProviderOpenBanking(models.AbstractModel):
    _inherit = PROVIDERS + "open_banking"

    _notified_at = "/api/v1/open-banking/webhook/truelayer"

    def _setup_facts(self, location):
        pounds = location.currency_id.name == "GBP"
        where = os.environ.get(PREFIX + "ENVIRONMENT", "")
        return [
            SetupFact(self.env._("The location trades in pounds"), pounds, "" if pounds else self._only_pounds()),
            self._environment_fact(where),
            *(self._text_fact(PREFIX + name) for name in TEXTS),
            *(self._file_fact(PREFIX + name) for name in FILES),
        ]

    def _setup_mode(self, location):
        """A bank of this machine is a test, as the sandbox is."""
        where = os.environ.get(PREFIX + "ENVIRONMENT", "")
        if not where:
            return None
        return "live" if where in ENVIRONMENTS and ENVIRONMENTS[where].live else "test"

    def _only_pounds(self):
        return self.env._("Banks are paid by Faster Payments, which knows no other currency.")

    def _environment_fact(self, where):
        forbidden = os.environ.get("FYNLO_ENV") == PRODUCTION and where != "live"
        hint = self.env._("Set %s to live or sandbox.", PREFIX + "ENVIRONMENT")
        if forbidden:
            hint = self.env._("This server is in production: only live may be used.")
        return SetupFact(self.env._("Which TrueLayer"), bool(where) and not forbidden, hint)

    def _text_fact(self, variable):
        told = bool(os.environ.get(variable))
        return SetupFact(variable, told, "" if told else self.env._("Set this variable for the server's processes."))

    def _file_fact(self, variable):
        """Read, as a file that is there may still be closed to this process; what is in it goes nowhere."""
        path = os.environ.get(variable, "")
        try:
            readable = bool(path) and bool(Path(path).read_bytes().strip())
        except OSError:
            readable = False
        hint = "" if readable else self.env._("It names a file that the server's processes can read, with the secret.")
        return SetupFact(variable, readable, hint)

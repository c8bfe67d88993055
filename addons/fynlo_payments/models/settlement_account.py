"""Accounts at payment providers whose reports are compared with the ledger, and how far they were read."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.tools.clock import now

from ..providers.connection import ProviderUnavailable
from ..providers.provider import PREFIX
from ..providers.settlement import ReportsSettlements, ReportUnreadable, Settlements
from ..reconciliation.days import Calendar

#: How far back the first look at an account goes, when payments were taken before.
FIRST_LOOK = timedelta(days=35)
FIRST_FACT = """
    SELECT min(entry.at) FROM fynlo_payment_entry entry
     WHERE entry.config_id = ANY(%s) AND entry.account = ANY(%s) AND entry.at >= %s
"""


@dataclass
class Source:
    """A report, and which tenders of which locations bring money into its account."""

    report: Settlements
    tenders: set[str] = field(default_factory=set)
    locations: Any = None


class FynloProvider(models.AbstractModel):
    _inherit = "fynlo.provider"

    def _settlements(self, location):
        """The provider's report of a location's account, or ``None`` when it makes none.

        Raises :class:`ProviderUnavailable` when the provider is not set up. Asks nobody.
        """
        if self._immediate:
            return None
        connection = self._connection(location)
        return connection.settlements() if isinstance(connection, ReportsSettlements) else None


class FynloSettlementAccount(models.Model):
    """Found by itself. An account that several companies share belongs to the first of them.

    Its days are those of its first location.
    """

    _name = "fynlo.settlement.account"
    _description = "Account at a payment provider"
    _order = "provider, name"

    provider = fields.Char(required=True, readonly=True)
    name = fields.Char("Account", required=True, readonly=True)
    livemode = fields.Boolean("Real money", readonly=True)
    takes_platform_fee = fields.Boolean("Keeps Fynlo's fee", readonly=True)
    tenders = fields.Json(readonly=True, required=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="restrict")
    config_ids = fields.Many2many("pos.config", string="Locations", readonly=True)
    config_id = fields.Many2one("pos.config", "Location", readonly=True, help="The only one, if it is one.")
    read_until = fields.Datetime("Known up to", required=True, readonly=True)
    matched_until = fields.Date("Days compared up to", readonly=True, help="The last day of which all was compared.")
    read_at = fields.Datetime("Last read", readonly=True)
    trouble = fields.Char(readonly=True, help="Why its report could not be read.")

    _account_unique = models.UniqueIndex("(provider, name, livemode)", "This account is known already.")

    @api.model
    def _discover(self):
        """The reports of all locations, by account; writes accounts that are new or used otherwise.

        Providers may be asked whose account it is, with no transaction open. Returns ``(account, report)`` pairs.
        """
        found = {}
        for tender, location, report in self._reports():
            self.env["ir.cron"]._commit_progress()
            name = self._name_of(report)
            if name:
                source = found.setdefault((report.provider, name, report.livemode), Source(report))
                source.tenders.add(tender)
                source.locations = location | (source.locations or location)
        return [(self._known(name, source), source.report) for (_provider, name, _live), source in found.items()]

    def _reports(self):
        """Every report that a tender of a location makes; one that is not set up makes none."""
        tenders = [name.removeprefix(PREFIX) for name in self.env.registry if name.startswith(PREFIX)]
        reports = []
        for location in self.env["pos.config"].sudo().with_context(active_test=False).search([], order="id"):
            for tender in tenders:
                try:
                    report = self.env[PREFIX + tender].sudo()._settlements(location)
                except ProviderUnavailable:
                    continue
                if report is not None:
                    reports.append((tender, location, report))
        return reports

    def _name_of(self, report):
        """The account's name, or nothing while the provider does not say: known accounts then show as not read."""
        try:
            return report.account()
        except (ProviderUnavailable, ReportUnreadable):
            return None

    def _known(self, name, source):
        report, locations = source.report, source.locations.sorted("id")
        account = self.search(
            [("provider", "=", report.provider), ("name", "=", name), ("livemode", "=", report.livemode)]
        )
        values = {
            "takes_platform_fee": report.takes_platform_fee,
            "tenders": sorted(source.tenders),
            "company_id": locations.company_id.sorted("id")[0].id,
            "config_ids": locations.ids,
            "config_id": locations.id if len(locations) == 1 else False,
        }
        if account:
            account.write(values)
            return account
        values |= {"provider": report.provider, "name": name, "livemode": report.livemode}
        account = self.create({**values, "read_until": self._first_moment(locations, values["tenders"])})
        account.matched_until = account._calendar().day_of(account.read_until) - timedelta(days=1)
        return account

    def _first_moment(self, locations, tenders):
        """From when on an account is read that was never read: since its first payment, or since yesterday."""
        accounts = [f"tender:{tender}" for tender in tenders]
        self.env.cr.execute(FIRST_FACT, (locations.ids, accounts, now() - FIRST_LOOK))
        return min(self.env.cr.fetchone()[0] or now(), now() - timedelta(days=1)).replace(microsecond=0)

    def _calendar(self):
        location = self.config_ids.sorted("id")[0]
        return Calendar(location.fynlo_time_zone, location.fynlo_day_start)

    def _is_due(self, moment):
        """Whether a day has ended since the account was last read."""
        calendar = self._calendar()
        return self.read_until < calendar.span(calendar.day_of(moment))[0]

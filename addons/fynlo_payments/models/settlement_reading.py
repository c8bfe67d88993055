"""Reading providers' reports into the database, page by page, with no transaction open while they are asked."""

import logging
from datetime import UTC, timedelta
from itertools import islice

from odoo import api, models
from odoo.addons.fynlo_pos_core.tools.clock import now

from ..providers.connection import ProviderUnavailable
from ..providers.settlement import ReportUnreadable

_logger = logging.getLogger(__name__)

PAGE = 500
#: What is told later than it happened is still seen within this time.
LATE = timedelta(days=3)
#: Payouts change until they have arrived, or came back.
PAYOUTS_LIVE = timedelta(days=21)
#: The newest minutes may still be being written at the provider.
SETTLING = timedelta(minutes=5)


class FynloSettlementReading(models.AbstractModel):
    """Every step is committed before the provider is asked for the next; a run that dies is taken up by the next."""

    _name = "fynlo.settlement.reading"
    _description = "Reading of provider reports"

    @api.model
    def _read(self, account, report):
        """Read what is new of an account; true when all of it was. A failure is kept with the account."""
        until = now() - SETTLING
        try:
            self._read_movements(account, report, until)
            self._read_payouts(account, report, until)
        except (ProviderUnavailable, ReportUnreadable) as failure:
            self.env.invalidate_all(flush=False)
            _logger.warning("The report of %s %s could not be read: %s", account.provider, account.name, failure)
            account.trouble = f"{type(failure).__name__}: {failure}"
            self._commit()
            return False
        account.write({"read_until": until, "read_at": now(), "trouble": False})
        self._commit()
        return True

    def _read_movements(self, account, report, until):
        since = account.read_until - LATE
        movements = iter(report.movements(_aware(since), _aware(until)))
        self._commit()
        while page := list(islice(movements, PAGE)):
            self._keep(account, page)

    def _keep(self, account, page):
        try:
            self.env["fynlo.settlement.movement"]._keep(account, page)
        except KeyError as unknown:
            raise ReportUnreadable(f"currency {unknown}") from unknown
        self._commit()

    def _read_payouts(self, account, report, until):
        since = min(account.read_until - LATE, until - PAYOUTS_LIVE)
        told = report.payouts(_aware(since), _aware(until))
        self._commit()
        for one in list(told):
            payout = self.env["fynlo.payout"]._keep(account, one)
            waits = one.itemised and not payout.movements_read
            self._commit()
            if waits:
                self._read_payout(account, payout, report, one.id)

    def _read_payout(self, account, payout, report, name):
        """The movements in a payout; those that are older than what was read so far come with it."""
        movements = list(report.movements_of(name))
        self._keep(account, movements)
        payout._hold(movements)
        self._commit()

    def _commit(self):
        self.env["ir.cron"]._commit_progress()


def _aware(moment):
    return moment.replace(tzinfo=UTC)

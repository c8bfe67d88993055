"""Do payment providers' notifications come in, and are they handled?"""

from datetime import timedelta

from odoo import models
from odoo.addons.fynlo_pos_core.engine.health import Reading
from odoo.addons.fynlo_pos_core.tools.clock import now

from ..providers.provider import PREFIX
from .notification_handling import UNMATCHED

#: What is younger is simply being handled.
YOUNG_S = 60
#: How far back failures and payments are looked at.
LOOKED_BACK = timedelta(days=3)
#: A notification may take so long after its payment.
LATE_AFTER = timedelta(minutes=10)

WAITING = """
    SELECT provider AS key, count(*) AS waiting, extract(epoch FROM %(now)s - min(received_at))::float AS oldest_s
      FROM fynlo_payment_notification
     WHERE state = 'received' AND received_at < %(before)s AND coalesce(failure_code, '') <> %(unmatched)s
     GROUP BY provider
"""
FAILED = """
    SELECT provider AS key, count(*) AS value, (array_agg(failure_code ORDER BY id DESC))[1] AS note
      FROM fynlo_payment_notification WHERE state = 'failed' AND received_at >= %(since)s GROUP BY provider
"""
#: Of each provider the newest notification, and the oldest payment since that none told of.
SILENT = """
    SELECT asked.provider AS key, newest.at AS newest_at,
           (SELECT min(payment.create_date) FROM fynlo_payment payment
             WHERE payment.method = asked.provider AND payment.provider_reference IS NOT NULL
               AND payment.state IN ('authorised', 'captured')
               AND payment.create_date BETWEEN greatest(%(since)s, newest.at) AND %(before)s) AS untold_at
      FROM unnest(%(providers)s::text[]) AS asked(provider)
      LEFT JOIN LATERAL (SELECT max(received_at) AS at FROM fynlo_payment_notification
                          WHERE provider = asked.provider) newest ON TRUE
"""


class FynloPayment(models.Model):
    _inherit = "fynlo.payment"

    #: The look for payments that no notification told of passes every minute.
    _told_of = models.Index("(method, create_date) WHERE provider_reference IS NOT NULL")


class FynloHealth(models.AbstractModel):
    _inherit = "fynlo.health"

    def _health_checks(self):
        return super()._health_checks() | {
            "notification_failed": self._notification_failed,
            "notification_silence": self._notification_silence,
        }

    def _webhook_backlog(self):
        """Seconds that the oldest notification of each provider waits; those that no payment is known for aside."""
        rows = self._rows(WAITING, now=now(), before=now() - timedelta(seconds=YOUNG_S), unmatched=UNMATCHED)
        return [
            *super()._webhook_backlog(),
            *(_of_provider(row, round(row["oldest_s"]), self.env._("%s wait", row["waiting"])) for row in rows),
        ]

    def _notification_failed(self):
        """Notifications of the last days, by provider, that were given up."""
        rows = self._rows(FAILED, since=now() - LOOKED_BACK)
        return [_of_provider(row, row["value"], row["note"] or "") for row in rows]

    def _notification_silence(self):
        """Minutes for which payments of a provider are taken and no notification tells of them; how old the newest is.

        Payments are looked after without notifications too, only later.
        """
        moment = now()
        values = {"since": moment - LOOKED_BACK, "before": moment - LATE_AFTER, "providers": self._notifying()}
        return [self._silence_of(row, moment) for row in self._rows(SILENT, **values)]

    def _silence_of(self, row, moment):
        newest, untold = row["newest_at"], row["untold_at"]
        note = self.env._("the last %s min ago", _minutes(moment - newest)) if newest else self.env._("none so far")
        return _of_provider(row, _minutes(moment - untold) if untold else 0, note)

    def _notifying(self):
        """The providers outside this server."""
        codes = (name.removeprefix(PREFIX) for name in self.env.registry if name.startswith(PREFIX))
        return sorted(code for code in codes if not self.env[PREFIX + code]._immediate)


def _minutes(span):
    return int(span.total_seconds() // 60)


def _of_provider(row, value, note):
    return Reading(value, note, kind="provider", key=row["key"], name=row["key"])

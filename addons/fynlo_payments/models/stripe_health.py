"""How a location's card payments are: what is known here, and what Stripe itself said within the last minute."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from odoo import api, models
from odoo.addons.fynlo_pos_core.tools import clock
from odoo.addons.fynlo_pos_core.tools.layered_cache import LayeredCache

from ..providers.connection import Health
from ..providers.stripe_client import environment

OPEN_FOR = timedelta(minutes=1)
#: However often managers and monitors ask, each process asks Stripe for a location no more often than this.
SAID_FOR = timedelta(seconds=60)

#: The newest of the location's own account; the notifications of others tell nothing of it.
LAST_TOLD = """
    SELECT received_at FROM fynlo_payment_notification
     WHERE provider = 'stripe' AND account = %s AND livemode = %s ORDER BY received_at DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What Stripe said of itself, and when."""

    health: Health
    at: datetime


_cache: LayeredCache[Said] = LayeredCache(
    "stripe_health", max_entries=256, weigh=lambda _said: 1, is_good=lambda said: clock.now() < said.at + SAID_FOR
)


def ask_health(database, location_id, connection):
    """What Stripe says, asked now or up to a minute ago; another account, mode or key is asked at once.

    To be called with no transaction open.
    """
    return _cache.obtain(f"{database}:{location_id}", connection, lambda: Said(connection.health(), clock.now()))


class FynloStripeConnection(models.AbstractModel):
    _inherit = "fynlo.stripe.connection"

    @api.model
    def _known(self, location):
        """What is known here of the location's card payments, without asking anybody."""
        location, started = location.sudo(), self.env.cr.now()
        waiting = self.env["fynlo.payment"].sudo().search_read(
            [
                ("config_id", "=", location.id),
                ("method", "=", "stripe"),
                ("state", "in", ("sent", "unknown")),
                ("sent_at", "<", started - OPEN_FOR),
            ],
            ["sent_at"],
            order="sent_at",
        )  # fmt: skip
        return {
            "mode": location.fynlo_stripe_mode or None,
            "livemode": location.fynlo_stripe_mode == "live",
            "account": location.fynlo_stripe_account or None,
            "api_version": environment.api_version(),
            "open_payments": len(waiting),
            "oldest_open_s": _seconds(started - waiting[0]["sent_at"]) if waiting else None,
            "last_notification_s": self._last_told_s(location),
        }

    def _last_told_s(self, location):
        """Seconds since a verified notification of the location's account and mode came in; ``None`` when none has."""
        if not location.fynlo_stripe_mode:
            return None
        self.env.cr.execute(LAST_TOLD, (location.fynlo_stripe_account or "", location.fynlo_stripe_mode == "live"))
        newest = self.env.cr.fetchone()
        return _seconds(clock.now() - newest[0]) if newest else None


def _seconds(span):
    return max(0, int(span.total_seconds()))

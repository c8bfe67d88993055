"""Ranking of a location's tenders: available ones first, then reliable ones, then by cost."""

from dataclasses import dataclass, replace

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import Invalid

from ..providers.connection import ProviderUnavailable
from ..providers.provider import PREFIX
from .fee_quote import Priced

#: Attempts that the guest himself called off say nothing of the tender.
OUTCOMES = """
    SELECT method, count(*) FILTER (WHERE state IN ('captured', 'refund_due')) AS good, count(*) AS ended
      FROM fynlo_payment
     WHERE config_id = %s AND create_date >= %s - interval '30 days'
       AND state IN ('captured', 'refund_due', 'failed', 'expired', 'unknown')
     GROUP BY method
"""
#: Tenders whose latest attempts here all went unanswered, within minutes: the provider is left alone for a while.
UNANSWERED = """
    SELECT method
      FROM (SELECT method, row_number() OVER (PARTITION BY method ORDER BY id DESC) AS place,
                   state = 'unknown' OR (state = 'sent' AND sent_at < %(now)s - interval '15 seconds')
                   OR coalesce(failure_code, '') IN ('provider_unavailable', 'provider_busy') AS unanswered
              FROM fynlo_payment
             WHERE config_id = %(location)s AND create_date >= %(now)s - interval '2 minutes') latest
     WHERE place <= %(tries)s
     GROUP BY method HAVING count(*) = %(tries)s AND bool_and(unanswered)
"""
TRIES = 3
#: With fewer attempts a rate would be chance.
ENOUGH = 20
RELIABLE_BP = 8_000


@dataclass(frozen=True, slots=True)
class Ranked:
    """One tender. ``success_bp`` is of the last 30 days, ``None`` with too few attempts.

    ``hindrance`` is why the location cannot take it now, whatever the amount.
    """

    method: str
    name: str
    priced: Priced | None
    success_bp: int | None
    saving: int = 0
    hindrance: str | None = None

    @property
    def reason(self):
        """Why it cannot be taken for this charge; ``None`` when it can."""
        if self.priced is None:
            return "fee_unknown"
        return self.hindrance or ("charge_out_of_range" if self.priced.out_of_range else None)

    @property
    def available(self):
        return self.reason is None

    def place(self):
        """What tenders are sorted by; the name only makes the order the same each time."""
        reliable = self.success_bp is None or self.success_bp >= RELIABLE_BP
        cost = self.priced.quote.fees if self.priced else 0
        return not self.available, not reliable, cost, -(self.success_bp or 0), self.method


class FynloFees(models.AbstractModel):
    _inherit = "fynlo.fees"

    @api.model
    def _ranked(self, location, wish):
        """What is offered for the wish's channel as :class:`Ranked`, best first, with its saving on the dearest."""
        names = self._tenders(location, wish.channel)
        priced, success = self._quotes(location, list(names), wish), self._success(location)
        hindrances = self._hindrances(location, list(names))
        tenders = [
            Ranked(code, name, priced[code], success.get(code), hindrance=hindrances.get(code))
            for code, name in names.items()
        ]
        costs = {one.method: one.priced.quote.fees for one in tenders if one.available}
        dearest = max(costs.values(), default=0)
        saving = {code: dearest - cost for code, cost in costs.items()}
        told = [replace(one, saving=saving.get(one.method, 0)) for one in tenders]
        return sorted(told, key=Ranked.place)

    @api.model
    def _require_tender(self, location, method, channel):
        """Raises ``payment_method_unavailable`` for what neither tills nor ``channel`` take; tills type cards in."""
        if method not in self._tenders(location) and method not in self._tenders(location, channel):
            message = self.env._("This location does not take %s.", method)
            raise Invalid(message, code="payment_method_unavailable", field="method")

    def _hindrances(self, location, methods):
        """Why tenders cannot be taken now, by code: ``no_open_session``, ``provider_unavailable`` (not set up, or a
        secret is missing) or ``provider_unresponsive``. Asks nobody outside.
        """
        sessions = self.env["pos.session"].sudo()
        if not sessions.search_count([("config_id", "=", location.id), ("state", "=", "opened")], limit=1):
            return dict.fromkeys(methods, "no_open_session")
        unanswered = self._unanswered(location)
        found = {method: "provider_unresponsive" for method in methods if method in unanswered}
        return found | {method: "provider_unavailable" for method in methods if not self._set_up(location, method)}

    def _unanswered(self, location):
        self.env["fynlo.payment"].flush_model()
        self.env.cr.execute(UNANSWERED, {"location": location.id, "now": self.env.cr.now(), "tries": TRIES})
        return {method for (method,) in self.env.cr.fetchall()}

    def _set_up(self, location, method):
        provider = self.env.get(PREFIX + method)
        if provider is None or provider._immediate:
            return provider is not None
        try:
            provider._connection(location.sudo())
        except ProviderUnavailable:
            return False
        return True

    def _success(self, location):
        self.env["fynlo.payment"].flush_model(["state", "method", "config_id"])
        self.env.cr.execute(OUTCOMES, (location.id, self.env.cr.now()))
        return {method: good * 10_000 // ended for method, good, ended in self.env.cr.fetchall() if ended >= ENOUGH}

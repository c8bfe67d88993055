"""Links whose time is over: how long they live, and how they end without leaving anything payable at a provider."""

import logging
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.addons.fynlo_pos_core.rest import Problem, transaction
from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.exceptions import ValidationError

from . import provider_call
from .pay_link_states import LIVE, TIME_OVER, WAITING

_logger = logging.getLogger(__name__)

AT_ONCE = 100
#: How long links are kept by which nobody has paid.
KEPT = timedelta(days=30)
GC_AT_ONCE = 10_000
MINUTES = range(2, 121)


class PosConfig(models.Model):
    _inherit = "pos.config"

    fynlo_pay_link_minutes = fields.Integer(
        "Pay links last (minutes)",
        default=15,
        required=True,
        help="For so long a guest can pay by a QR code. 2 to 120.",
    )

    @api.constrains("fynlo_pay_link_minutes")
    def _check_fynlo_pay_link_minutes(self):
        if any(location.fynlo_pay_link_minutes not in MINUTES for location in self):
            raise ValidationError(self.env._("Pay links last from 2 to 120 minutes."))


class FynloPayLink(models.Model):
    _inherit = "fynlo.pay.link"

    @api.model
    def _cron_expire(self):
        """End the links whose time is over; one failure stops no other.

        A payment under way is ended at its provider, first here and, while nobody answers, by the
        recovery of payments, which knows the same time.
        """
        late = self.sudo().search(
            [
                ("expires_at", "<=", now()),
                "|",
                ("state", "in", list(WAITING)),
                *("&", ("state", "=", "paying"), ("ending", "=", False)),
            ],
            limit=AT_ONCE,
            order="expires_at",
        )
        self.env["ir.cron"]._commit_progress()  # no transaction is open while a provider is asked
        for link_id in late.ids:
            try:
                expire(self.env.registry, link_id)
            except Problem as away:
                _logger.info("pay link %s is not ended yet: %s", link_id, away.code)
            except Exception:
                # the boundary to providers and all that follows from a payment: the other links are to be ended too
                _logger.exception("pay link %s could not be ended", link_id)

    @api.autovacuum
    def _gc_unused(self):
        """Forget links by which nobody has paid; those with a payment stay with it."""
        unused = [("state", "in", ["expired", "cancelled"]), ("payment_id", "=", False)]
        old = [("write_date", "<", now() - KEPT)]
        self.sudo().search([*unused, *old], limit=GC_AT_ONCE).unlink()

    def _end_of_time(self):
        """End a link whose time is over; returns as :meth:`_end`."""
        link = self.sudo()._lock()
        return link._end("expired", TIME_OVER) if link.state in LIVE and link.expires_at <= now() else None


def expire(registry, link_id):
    """End one link in transactions of its own; safe to repeat. Raises ``provider_unavailable``."""
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        payment_id = transaction.run(env, lambda: env["fynlo.pay.link"].browse(link_id)._end_of_time())
    if payment_id:
        provider_call.expire(registry, payment_id)

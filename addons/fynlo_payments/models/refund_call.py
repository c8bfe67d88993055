"""Refunds at providers, each in three steps: read the refund, ask with no transaction open, apply what was said.

All functions open and close their own cursors and may be repeated at any time, from a route's
``afterwards``, a scheduled action or a worker. They take the registry, as no environment outlives the call.
"""

import logging
from datetime import UTC, datetime, timedelta

from odoo import SUPERUSER_ID, api
from odoo.addons.fynlo_pos_core.rest import transaction

from ..providers.connection import ProviderUnavailable, RefundLeg, RefundState

_logger = logging.getLogger(__name__)

#: Providers forget idempotency keys after a day; past this age a refund is only looked for, never sent again.
KEYS_LIVE = timedelta(hours=23)
#: Our word for a refund that the provider has certainly never seen and is too old to be sent again.
NEVER_ARRIVED = RefundState("failed", failure_code="never_arrived")


def give_back(registry, refund_id):
    """Ask the provider to give the money of a refund that was just sent. Returns the refund's state then.

    A provider that is out of reach was certainly not asked: the refund stays ``sent`` for the recovery job.
    """
    return _ask(registry, refund_id, lambda connection, leg: connection.refund(leg))


def look_refund(registry, refund_id):
    """Learn what became of a refund; send it again under its key if it never arrived. Returns its state then."""
    return _ask(registry, refund_id, _seen)


def look_refunds(registry, payment_id):
    """Learn what became of all refunds of a payment by its provider: one that succeeded may have failed since.

    For notifications, which name the payment. Returns the refunds' states.
    """
    with registry.cursor() as cr:
        refunds = api.Environment(cr, SUPERUSER_ID, {})["fynlo.refund"]
        domain = [("payment_id", "=", payment_id), ("provider_key", "!=", False), ("state", "!=", "failed")]
        ids = refunds.search(domain, order="id").ids
    return [look_refund(registry, refund_id) for refund_id in ids]


def _seen(connection, leg):
    said = connection.fetch_refund(leg) if leg.reference else connection.find_refund_by_key(leg)
    if said is not None:
        return said
    fresh = leg.sent_at is not None and datetime.now(UTC) - leg.sent_at < KEYS_LIVE
    return connection.refund(leg) if fresh else NEVER_ARRIVED


def _ask(registry, refund_id, errand):
    """What ``errand`` learns of a refund is applied to it; of one that is over only the state is told."""
    with registry.cursor() as cr:
        refund = api.Environment(cr, SUPERUSER_ID, {})["fynlo.refund"].browse(refund_id)
        if not refund.provider_key or refund.state == "failed":
            return refund.state
        try:
            leg, connection = _at_provider(refund)
        except ProviderUnavailable:
            return refund.state
    try:
        said = errand(connection, leg)
    except ProviderUnavailable:
        said = None
    except Exception:  # boundary: whatever goes wrong in an adapter, money may have moved
        _logger.exception("a provider's answer about a refund was not understood")
        said = RefundState("unknown")
    return _apply(registry, refund_id, said)


def _at_provider(refund):
    """The refund as its provider sees it, and the connection to the provider."""
    payment, connection = refund.payment_id._at_provider()
    leg = RefundLeg(
        uuid=refund.fynlo_uuid,
        key=refund.provider_key,
        amount=refund.amount,
        payment=payment,
        reference=refund.provider_reference or None,
        sent_at=refund.sent_at.replace(tzinfo=UTC),
    )
    return leg, connection


def _apply(registry, refund_id, said):
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        if said is None:
            return env["fynlo.refund"].browse(refund_id).state
        return transaction.run(env, lambda: env["fynlo.refund.service"]._conclude_refund(refund_id, said)).state

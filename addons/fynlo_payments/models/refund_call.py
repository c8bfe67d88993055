"""Refunds at providers, each in three steps: read the refund, ask with no transaction open, apply what was said.

All functions open and close their own cursors and may be repeated at any time, from a route's
``afterwards``, a scheduled action or a worker. They take the registry, as no environment outlives the call.
"""

import logging
from datetime import UTC, datetime, timedelta
from time import monotonic

from odoo import SUPERUSER_ID, api
from odoo.addons.fynlo_pos_core.rest import transaction

from ..providers.connection import ProviderUnavailable, RefundLeg, RefundState
from . import provider_call

_logger = logging.getLogger(__name__)

#: Providers forget idempotency keys after a day; past this age a refund is only looked for, never sent again.
KEYS_LIVE = timedelta(hours=23)
#: Our word for a refund that the provider has certainly never seen and is too old to be sent again.
NEVER_ARRIVED = RefundState("failed", failure_code="never_arrived")


def give_back(registry, refund_ids):
    """Ask the providers for the money of refunds that were just sent, of all at once.

    Waits for a few seconds. A provider that takes longer is asked after by the recovery job; one that
    is out of reach was certainly not asked, and will be.
    """
    begun = [(refund_id, _begin(registry, refund_id)) for refund_id in refund_ids]
    until = monotonic() + provider_call.patience()
    for refund_id, asking in begun:
        try:
            said = asking and asking.result(timeout=max(0.0, until - monotonic()))
        except TimeoutError:
            said = None
        if said:
            _apply(registry, refund_id, said)


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


def _begin(registry, refund_id):
    """The call for a refund, under way; ``None`` when there is nothing (more) to ask."""
    found = _read(registry, refund_id)
    return found and provider_call.begin(lambda: _said(lambda: found[1].refund(found[0])))


def _ask(registry, refund_id, errand):
    """What ``errand`` learns of a refund is applied to it. Returns its state then."""
    found = _read(registry, refund_id)
    said = found and _said(lambda: errand(found[1], found[0]))
    return _apply(registry, refund_id, said) if said else _state(registry, refund_id)


def _said(ask):
    """What the provider says; ``None`` when it was certainly not asked."""
    try:
        return ask()
    except ProviderUnavailable:
        return None
    except Exception:  # boundary: whatever goes wrong in an adapter, money may have moved
        _logger.exception("a provider's answer about a refund was not understood")
        return RefundState("unknown")


def _read(registry, refund_id):
    """``(leg, connection)`` of a refund; ``None`` of one that no provider has, or that failed for good."""
    with registry.cursor() as cr:
        refund = api.Environment(cr, SUPERUSER_ID, {})["fynlo.refund"].browse(refund_id)
        if not refund.provider_key or refund.state == "failed":
            return None
        try:
            return _at_provider(refund)
        except ProviderUnavailable:
            return None


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
        return transaction.run(env, lambda: env["fynlo.refund.service"]._conclude_refund(refund_id, said)).state


def _state(registry, refund_id):
    with registry.cursor() as cr:
        return api.Environment(cr, SUPERUSER_ID, {})["fynlo.refund"].browse(refund_id).state

"""Calls to providers, each in three steps: read the attempt, ask with no transaction open, apply what was said.

Every function opens and closes its own cursors and may be repeated at any time, from a route's ``afterwards``,
a scheduled action or a worker. They take the registry, as no environment outlives the call.
"""

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

from odoo import SUPERUSER_ID, api
from odoo.addons.fynlo_pos_core.rest import Problem, transaction
from odoo.modules.registry import Registry

from ..providers.connection import ProviderState, ProviderUnavailable

_logger = logging.getLogger(__name__)

#: Calls of this process that may wait for providers at once; more wait their turn.
CALLS_AT_ONCE = 8
PATIENCE = "FYNLO_PROVIDER_PATIENCE"
PATIENCE_S = 6.0
#: Our words for a leg that the provider has certainly never seen.
NEVER_ARRIVED = ProviderState("failed", failure_code="never_arrived")


def charge(registry, payment_id, details):
    """Ask the provider for the money of an attempt that was just sent.

    Waits for a few seconds. Returns ``(document, action)`` as the attempt then is; a provider that takes
    longer is applied when it answers. ``action`` may hold a secret: pass it on, keep it nowhere.
    """
    leg, connection = _read(registry, payment_id, details)
    asking = begin(lambda: _said(lambda: _created(connection, leg)))
    try:
        said = asking.result(timeout=patience())
    except TimeoutError:
        database = registry.db_name
        asking.add_done_callback(lambda done: _apply_late(database, payment_id, done.result()))
        return document(registry, payment_id), None
    return _finished(registry, payment_id, _apply(registry, payment_id, said)), said.action


def look(registry, payment_id):
    """Learn what became of an attempt. Returns ``(document, action)``. Raises ``provider_unavailable``."""
    seen, action = _ask(registry, payment_id, _seen)
    return _finished(registry, payment_id, seen), action


def cancel(registry, payment_id):
    """End an attempt at the provider; too late, it is what it has become. Returns and raises as :func:`look`."""
    return _ask(registry, payment_id, _cancelled)


def expire(registry, payment_id):
    """End an attempt whose time is over, in the same way."""
    return _ask(registry, payment_id, _expired)


def capture(registry, payment_id):
    """Capture what the attempt says is to be captured of what was authorised. Returns and raises as :func:`look`."""
    with registry.cursor() as cr:
        attempt = _attempt(cr, payment_id)
        amount = attempt.capture_amount or attempt._charged()
    return _ask(registry, payment_id, lambda connection, leg: connection.capture(leg, amount))


def confirm(registry, payment_id, details):
    """Charge an attempt that waits to be told which card; one that is declined is over. As :func:`look`."""

    def errand(connection, leg):
        return _ended_if_failed(connection, leg, connection.confirm(replace(leg, details=details)))

    said, action = _ask(registry, payment_id, errand)
    return _finished(registry, payment_id, said), action


def document(registry, payment_id):
    """The attempt with its order, as they are."""
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        return env["fynlo.payment.service"]._shown_with_order(payment_id)


def begin(ask):
    """Start a call to a provider in a thread of its own; returns its future."""
    return _pool().submit(ask)


def patience():
    """For so many seconds a till's request waits for providers."""
    return float(os.environ.get(PATIENCE) or PATIENCE_S)


# --- asking --------------------------------------------------------------------------


def _created(connection, leg):
    try:
        return _ended_if_failed(connection, leg, connection.create(leg))
    except ProviderUnavailable as away:  # certainly not asked: the guest owes as before
        return ProviderState("failed", failure_code=away.code)


def _seen(connection, leg):
    said = connection.fetch(leg) if leg.reference else connection.find_by_key(leg)
    return _ended_if_failed(connection, leg, said) if said else NEVER_ARRIVED


def _cancelled(connection, leg):
    if not leg.reference:
        found = connection.find_by_key(leg)
        if found is None:
            return ProviderState("cancelled")
        if not found.reference:
            return found
        leg = replace(leg, reference=found.reference)
    return connection.cancel(leg)


def _expired(connection, leg):
    said = _cancelled(connection, leg)
    return replace(said, state="expired") if said.state == "cancelled" else said


def _ended_if_failed(connection, leg, said):
    """A leg that failed is ended at the provider before its money is let go, so that nobody can pay it later."""
    if said.state != "failed" or not said.reference:
        return said
    try:
        ended = connection.cancel(replace(leg, reference=said.reference))
    except ProviderUnavailable:
        ended = ProviderState("unknown")
    if ended.state in {"failed", "cancelled", "expired"}:
        return said
    return ended if ended.state != "unknown" else replace(said, state="unknown")


def _said(ask):
    """What the provider says. Boundary: whatever goes wrong in an adapter, money may have moved: nothing is known."""
    try:
        return ask()
    except ProviderUnavailable:
        raise
    except Exception:  # see above
        _logger.exception("a provider's answer was not understood")
        return ProviderState("unknown")


# --- around it -----------------------------------------------------------------------


def _ask(registry, payment_id, errand):
    try:
        leg, connection = _read(registry, payment_id)
        said = _said(lambda: errand(connection, leg))
    except ProviderUnavailable as away:
        raise Problem(
            "provider_unavailable",
            "The provider cannot be asked at the moment.",
            reason=away.code,
            headers={"Retry-After": str(away.retry_after)},
        ) from None
    return _apply(registry, payment_id, said), said.action


def _finished(registry, payment_id, shown):
    """Captures an attempt that was only authorised to learn which card it is; else, or if it fails, as it is."""
    if shown["state"] != "authorised":
        return shown
    with registry.cursor() as cr:
        if not _attempt(cr, payment_id)._captures_at_once():
            return shown
    try:
        return capture(registry, payment_id)[0]
    except Problem as away:  # the recovery job captures it
        _logger.warning("payment %s waits to be captured: %s", payment_id, away.code)
        return shown


def _read(registry, payment_id, details=None):
    with registry.cursor() as cr:
        return _attempt(cr, payment_id)._at_provider(details)


def _attempt(cr, payment_id):
    return api.Environment(cr, SUPERUSER_ID, {})["fynlo.payment"].browse(payment_id)


def _apply(registry, payment_id, said):
    """Conclude in a short transaction; when the order cannot take the money yet, the recovery job asks again."""
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        try:
            return transaction.run(env, lambda: env["fynlo.payment.service"]._conclude(payment_id, said))
        except Problem as problem:
            _logger.warning("payment %s is %s, but waits: %s", payment_id, said.state, problem.code)
    return document(registry, payment_id)


def _apply_late(database, payment_id, said):
    """In the thread of the call, when nobody waits for it any more."""
    threading.current_thread().dbname = database
    try:
        registry = Registry(database).check_signaling()
        _finished(registry, payment_id, _apply(registry, payment_id, said))
    except Exception:  # boundary of a thread: the recovery job asks again
        _logger.exception("payment %s was answered late and could not be applied", payment_id)


@cache
def _pool():
    """Made at the first call, so that each worker process has its own."""
    return ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="provider-call")

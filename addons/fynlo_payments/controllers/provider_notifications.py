"""Where payment providers send their notifications: verified, kept, answered; handled afterwards."""

import logging
from datetime import UTC, datetime

from odoo import http
from odoo.addons.fynlo_pos_core.rest import ANYONE, NotFound, Problem, api_route, declare, transaction
from odoo.addons.fynlo_pos_core.rest.shapes import View
from odoo.http import request

from ..providers.connection import NotificationRefused, ProviderUnavailable
from ..providers.provider import PREFIX

_logger = logging.getLogger(__name__)

declare(
    "notification_refused",
    400,
    "Notification refused",
    "The notification was not signed by the provider, or not just now. Nothing of it was kept.",
    "Only the provider sends here. If it does: compare the signing secret, and the clock of this server.",
)
declare(
    "notification_not_authentic",
    401,
    "Notification not authentic",
    "The notification was not signed by the provider, or not just now. Nothing of it was kept.",
    "Only the provider sends here. If it does: compare the address that it was given, and the clock of this server.",
)

MAX_BODY = 256 * 1024
OPEN = {"method": "POST", "permission": ANYONE, "budget": "notification", "max_body": MAX_BODY, "raw": True}


class ReceivedView(View):
    """The notification is here to stay; it is handled within moments."""

    received: bool


class ProviderNotificationController(http.Controller):
    @api_route(
        "/stripe/webhook",
        summary="Stripe's notifications, signed with a webhook secret; each is kept once, however often it is sent",
        tag="stripe",
        returns=ReceivedView,
        errors=("notification_refused", "unavailable"),
        **OPEN,
    )
    def stripe(self, raw):
        return _receive("stripe", raw, "notification_refused")

    @api_route(
        "/open-banking/webhook/<string:provider>",
        summary="Notifications of a bank payment provider, signed by it; each is kept once, however often it is sent",
        tag="open-banking",
        returns=ReceivedView,
        errors=("notification_not_authentic", "not_found", "unavailable"),
        **OPEN,
    )
    def open_banking(self, provider, raw):
        code = request.env["fynlo.payment.notification"]._provider_of_bank(provider)
        if code is None:
            raise NotFound(request.env._("There is nothing at this path."))
        return _receive(code, raw, "notification_not_authentic")


def _receive(provider, raw, refusal):
    """Keep what ``provider`` says if it is its word. Verifying may call it, so no transaction is open then."""
    if PREFIX + provider not in request.env.registry:
        raise NotFound(request.env._("There is nothing at this path."))
    notifications = request.env["fynlo.payment.notification"].sudo()
    transaction.begin(request.env.cr)
    try:
        notifications._receive(provider, _verified(provider, raw))
    except NotificationRefused as reason:
        _logger.warning("A notification in the name of %s is refused: %s", provider, reason)
        raise Problem(refusal, request.env._("This is no notification of the provider.")) from None
    except ProviderUnavailable as away:
        _logger.error("Notifications of %s cannot be verified: %s", provider, away.code)
        retry = {"Retry-After": str(away.retry_after)}
        raise Problem("unavailable", request.env._("Send it again later."), headers=retry) from None
    return {"received": True}


def _verified(provider, raw):
    httprequest = request.httprequest
    listener = request.env[PREFIX + provider]._listener()
    return listener.read_notification(
        httprequest.method, httprequest.path, dict(httprequest.headers), raw, datetime.now(UTC)
    )

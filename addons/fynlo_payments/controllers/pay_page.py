"""The guest's pay page: opened by its link alone, without a sign-in. Reading it changes nothing."""

import json

from odoo import SUPERUSER_ID, http
from odoo.addons.fynlo_pos_core.rest import NotFound, Problem, rate_limit, transaction
from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.http import request

from ..models import provider_call
from ..models.apple_pay import CARD
from ..models.pay_link_expiry import expire
from ..models.pay_link_service import BANK
from ..models.pay_link_states import LIVE

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: Sent with every answer, found or not. The address is a secret, so it goes nowhere as a referrer.
HEADERS = [
    ("Content-Security-Policy", POLICY),
    ("Cache-Control", "no-store"),
    ("X-Robots-Tag", "noindex, nofollow"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(self)"),
]
#: Faces of the page of a link that serves no more.
GONE = frozenset({"expired", "cancelled", "refund_due"})


def guest_route(path, method):
    """A page of guests: no session, no cookie, and no Odoo token in forms, as the address is the authority.

    Also what only reads asks the primary database: a replica may not know yet of a link that was just made.
    """
    return http.route(
        path,
        type="http",
        auth="none",
        methods=[method],
        csrf=False,
        save_session=False,
        readonly=False,
        sitemap=False,
    )


class PayPageController(http.Controller):
    @guest_route(["/pay/<string:token>", "/pay/<string:token>/back"], "GET")
    def page(self, token):
        """The page, also for a guest who comes back from the bank or from Stripe."""
        return _served(token, _page)

    @guest_route("/pay/back", "GET")
    def back(self, payment_id="", **_told):
        """Where banks send guests back to: the same address for all links, so it is the payment that is named."""
        request.session.can_save = False
        try:
            rate_limit.spend_address("page", request.httprequest.remote_addr or "")
            _act_as_guest()
            link = request.env["fynlo.pay.link"]._of_reference(payment_id)
        except Problem as problem:
            return _refusal(problem)
        return _see(f"/pay/{link._token()}/back")

    @guest_route("/pay/<string:token>/status", "GET")
    def status(self, token):
        """What has become of the link, for the page that is open."""
        return _served(token, _status)

    @guest_route("/pay/<string:token>/opened", "POST")
    def opened(self, token):
        """The page says so itself once a person has it: whatever only previews the link runs no script."""

        def note(link):
            transaction.run(request.env, lambda: link._note("opened"))
            return _status(link)

        return _served(token, note)

    @guest_route("/pay/<string:token>/bank", "POST")
    def pay_by_bank(self, token):
        """Begin the bank payment, or go on with the one under way, and leave for the bank's page."""
        return _served(token, _leave_for_bank)

    @guest_route("/pay/<string:token>/card", "POST")
    def pay_by_card(self, token):
        """Begin the card payment, or go on with the one under way, and leave for Stripe's page."""
        return _served(token, _leave_for_card)

    @guest_route("/pay/<string:token>/look", "POST")
    def look(self, token):
        """Ask the provider what became of the payment."""
        return _served(token, _look)

    @guest_route("/pay/<string:token>/other", "POST")
    def pay_otherwise(self, token):
        """Cancel the payment under way, so that the guest can choose again."""
        return _served(token, _give_up)


# --- who, and whether ----------------------------------------------------------------


def _served(token, act):
    """``act`` on the link of a token; one and the same page for whatever opens none."""
    request.session.can_save = False
    try:
        link = _link_of(token)
    except Problem as problem:
        return _refusal(problem)
    try:
        return act(link)
    except Problem as problem:
        request.env.cr.rollback()  # what was half done must not go with the page's commit
        return _page(link, notice=str(problem.args[0]), status=problem.http_status)


def _link_of(token):
    """The link, in an environment of the guest's. Raises ``not_found`` and ``rate_limited``."""
    address = request.httprequest.remote_addr or ""
    rate_limit.spend_address("address", address)
    _act_as_guest()
    try:
        link = request.env["fynlo.pay.link"]._of_token(token)
    except NotFound:
        rate_limit.spend_address("page", address)
        raise
    rate_limit.spend("page", f"pay:{link.id}")
    request.update_env(context={**request.env.context, "lang": request.env["fynlo.pay.page"]._language(link)})
    return request.env["fynlo.pay.link"].sudo().browse(link.id)


def _act_as_guest():
    """As the user of calls without a sign-in, who has no right of its own."""
    request.update_env(user=request.env(user=SUPERUSER_ID)["fynlo.access"]._open_user_id())


# --- what is done --------------------------------------------------------------------


def _leave_for_bank(link):
    return _leave(link, BANK, {})


def _leave_for_card(link):
    return _leave(link, CARD, request.env["fynlo.pay.page"]._card_details(link))


def _leave(link, method, details):
    env = request.env
    payment_id = transaction.run(env, lambda: env["fynlo.pay.page"]._begin(link, method))
    if payment_id:
        _payment, action = provider_call.charge(env.registry, payment_id, details)
        if action and action.get("type") == "redirect":
            values = {**env["fynlo.pay.page"]._values(link), "url": action["url"], "to_bank": method == BANK}
            return _html("fynlo_payments.pay_leave_page", values)
    return _answer(link)


def _look(link):
    rate_limit.spend("message", f"pay:{link.id}")
    registry, payment = request.env.registry, link.payment_id
    link_id, payment_id = link.id, payment.id
    state, overdue = link.state, link.expires_at <= now()
    request.env.cr.commit()  # no transaction is open while a provider is asked  # pylint: disable=invalid-commit
    try:
        if state in LIVE and overdue:
            expire(registry, link_id)
        elif state == "paying":
            provider_call.look(registry, payment_id)
    except Problem as away:
        if away.code != "provider_unavailable":
            raise
    return _answer(link)


def _give_up(link):
    env = request.env
    payment_id = transaction.run(env, lambda: env["fynlo.pay.page"]._give_up(link))
    if payment_id:
        provider_call.cancel(env.registry, payment_id)
    return _answer(link)


# --- what is answered ----------------------------------------------------------------


def _page(link, notice="", status=None):
    values = request.env["fynlo.pay.page"]._values(link, notice)
    return _html("fynlo_payments.pay_page", values, status or (410 if values["view"] in GONE else 200))


def _status(link):
    told = request.env["fynlo.pay.page"]._status(link)
    return request.make_response(json.dumps(told), headers=[("Content-Type", JSON), *HEADERS])


def _answer(link):
    """After an act: what is now, for a script; the page again, for a form."""
    request.env.invalidate_all()
    wants_json = "application/json" in request.httprequest.headers.get("Accept", "")
    return _status(link) if wants_json else _see(f"/pay/{link._token()}")


def _see(path):
    return request.make_response("", headers=[("Location", path), *HEADERS], status=303)


def _html(template, values, status=200):
    pages = request.env["fynlo.pay.page"]
    policy = ("Content-Security-Policy", pages._policy(POLICY, values))
    headers = [("Content-Type", HTML), *(policy if name == policy[0] else (name, value) for name, value in HEADERS)]
    return request.make_response(pages._html(template, values), headers=headers, status=status)


def _refusal(problem):
    status = problem.http_status if problem.code == "rate_limited" else 404
    page = request.env["fynlo.pay.page"]._html("fynlo_payments.pay_absent_page", {"lang": "en"})
    waits = [(name, value) for name, value in problem.headers.items() if name == "Retry-After"]
    return request.make_response(page, headers=[("Content-Type", HTML), *HEADERS, *waits], status=status)

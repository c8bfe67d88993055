"""The guest's receipt on the web: opened by its link alone, without a sign-in."""

from odoo import SUPERUSER_ID, http
from odoo.http import request

from ..rest import Problem, rate_limit
from .receipts import HTML, PAGE_POLICY, PDF

#: Sent with every answer, found or not.
HEADERS = [
    ("Content-Security-Policy", PAGE_POLICY),
    ("Cache-Control", "no-store"),
    ("X-Robots-Tag", "noindex, nofollow"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
]


class ReceiptPageController(http.Controller):
    @http.route("/r/<string:token>", type="http", auth="none", methods=["GET"], save_session=False, readonly=True)
    def page(self, token):
        """The receipt as a page, good on a phone."""

        def page(receipts, document, location_id):
            return receipts._html(document, location_id, pdf_url=f"/r/{token}/receipt.pdf").encode()

        return _answer(token, page, HTML)

    @http.route(
        "/r/<string:token>/receipt.pdf", type="http", auth="none", methods=["GET"], save_session=False, readonly=True
    )
    def pdf(self, token):
        """The same receipt as a PDF."""
        return _answer(token, lambda receipts, document, location_id: receipts._pdf(document, location_id), PDF)


def _answer(token, render, media_type):
    """The receipt in a form; one and the same page for whatever opens none."""
    request.session.can_save = False
    env = request.env(user=SUPERUSER_ID)
    try:
        rate_limit.spend_address("page", request.httprequest.remote_addr or "")
        order_uuid, location_id = env["fynlo.receipt.link"]._location_of(token)
        receipts = env["fynlo.receipt"]
        raw = render(receipts, receipts._at(location_id, order_uuid, copy=0), location_id)
    except Problem as problem:
        return _refusal(env, problem)
    return request.make_response(raw, headers=[("Content-Type", media_type), *HEADERS])


def _refusal(env, problem):
    status = problem.http_status if problem.code == "rate_limited" else 404
    page = f"<!doctype html>\n{env['ir.qweb']._render('fynlo_pos_core.receipt_absent_page')}"
    waits = [(name, value) for name, value in problem.headers.items() if name == "Retry-After"]
    return request.make_response(page, headers=[("Content-Type", HTML), *HEADERS, *waits], status=status)

"""The kitchen display: a page for any screen with a browser. What it shows comes through the API."""

from urllib.parse import urlsplit

from odoo import http
from odoo.http import request
from odoo.tools.misc import file_open

from ..tools.settings import settings

PAGE = "fynlo_pos_core/static/kitchen/index.html"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' {gateway}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class KitchenDisplayController(http.Controller):
    @http.route("/kitchen", type="http", auth="none", methods=["GET"], save_session=False, readonly=True)
    def page(self):
        """The page holds no data, so anyone may have it; the screen signs in from there."""
        with file_open(PAGE, "rb") as page:
            content = page.read()
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Security-Policy", POLICY.format(gateway=_origin(settings().ws_url))),
                ("Cache-Control", "no-cache"),
                ("Referrer-Policy", "no-referrer"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )


def _origin(url):
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

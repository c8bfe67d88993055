"""Public keys, with which the gateway and others verify access tokens."""

from odoo import http

from ...rest import ANYONE, Answer, api_route
from ...rest.shapes import View
from ...tools import signing_keys


class KeyView(View):
    kty: str
    crv: str
    alg: str
    use: str
    kid: str
    x: str


class KeySetView(View):
    keys: list[KeyView]


class JwksController(http.Controller):
    @api_route(
        "/.well-known/jwks.json",
        prefix="",
        method="GET",
        permission=ANYONE,
        summary="The public keys of access tokens",
        tag="auth",
        returns=KeySetView,
        needs_database=False,
    )
    def show_keys(self):
        return Answer(signing_keys.ring().jwks(), headers={"Cache-Control": "public, max-age=60"})

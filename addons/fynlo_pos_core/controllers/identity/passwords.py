"""Forgotten passwords."""

from typing import Annotated

from odoo import http
from odoo.http import request
from pydantic import Field

from ...rest import ANYONE, api_route
from ...rest.shapes import Shape
from .auth import Email
from .views import EmptyView


class ForgotShape(Shape):
    email: Email


class ResetShape(Shape):
    token: Annotated[str, Field(min_length=20, max_length=200)]
    password: Annotated[str, Field(min_length=1, max_length=200)]


class PasswordsController(http.Controller):
    @api_route(
        "/auth/password/forgot",
        method="POST",
        permission=ANYONE,
        summary="Ask for a password reset by mail; the answer is the same whether the address is known or not",
        tag="auth",
        body=ForgotShape,
        returns=EmptyView,
        status=202,
        idempotent=False,
        budget="auth",
    )
    def forgot_password(self, body):
        request.env["fynlo.password.reset"]._ask(body.email)
        return {}

    @api_route(
        "/auth/password/reset",
        method="POST",
        permission=ANYONE,
        summary="Choose a new password with the token from the mail; every sign-in of the person ends",
        tag="auth",
        body=ResetShape,
        returns=EmptyView,
        errors=("reset_token_invalid",),
        idempotent=False,
        budget="auth",
    )
    def reset_password(self, body):
        request.env["fynlo.password.reset"]._redeem(body.token, body.password)
        return {}

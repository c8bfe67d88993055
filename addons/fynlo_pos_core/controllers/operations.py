"""What became of a write whose answer was lost."""

from typing import Any, Literal

from odoo import http
from odoo.http import request
from pydantic import Field

from ..rest import SIGNED_IN, NotFound, api_route, current_identity
from ..rest.idempotency import outcome
from ..rest.shapes import View


class ResourceView(View):
    type: str = Field(examples=["order"])
    id: str = Field(examples=["0192f0a1-7c3e-7b44-9d55-2f6b1c0e8a77"])


class OperationView(View):
    key: str = Field(examples=["0192f0a1-7c3e-7b44-9d55-2f6b1c0e8a70"])
    state: Literal["in_progress", "done"]
    status: int | None = Field(examples=[201], description="The answer's status; null while in progress.")
    body: Any = Field(examples=[{"id": "0192f0a1-7c3e-7b44-9d55-2f6b1c0e8a77"}], description="The answer's body.")
    resource: ResourceView | None


class OperationsController(http.Controller):
    @api_route(
        "/operations/<string:key>",
        method="GET",
        permission=SIGNED_IN,
        summary="The outcome of the write that carried this Idempotency-Key from this device",
        tag="system",
        returns=OperationView,
        errors=("not_found",),
        fresh=True,
    )
    def operation(self, key):
        found = outcome(request.env.cr, current_identity().scope, key)
        if not found:
            raise NotFound("No write with this key has arrived, or it failed and left nothing: send it again.")
        return found

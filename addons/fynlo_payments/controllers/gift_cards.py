"""Gift cards and store credit for tills. Rules live in ``models/stored_value_service.py``."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from odoo import http
from odoo.addons.fynlo_pos_core.rest import Answer, api_route, current_call, current_identity
from odoo.addons.fynlo_pos_core.rest.shapes import Day, Id, MoneyShape, MoneyView, Name, Note, Shape, View, WireMoment
from odoo.http import request
from pydantic import Field

Code = Annotated[
    str,
    Field(min_length=1, max_length=60, description="12 to 40 letters and digits; blanks, dashes and case are free."),
]


class GiftCardShape(Shape):
    """A card for a sold line of gift cards, of all that is left of it unless ``amount`` says less.

    Without ``line_id`` it is a gift of the house, which needs ``amount``, ``reason`` and the
    permission ``gift_card.grant``. The till chooses the code or reads it off a printed card; the
    server keeps only a keyed hash of it.
    """

    id: Id
    code: Code
    line_id: Id | None = None
    amount: MoneyShape | None = None
    expires_on: Day | None = None
    reason: Note = ""


class CodeShape(Shape):
    code: Code


class BlockShape(Shape):
    reason: Name


class CreditShape(Shape):
    amount: MoneyShape
    reason: Name


class StoredValueView(View):
    """Never the code. ``last4`` are its last characters."""

    id: UUID
    kind: Literal["gift_card", "store_credit"]
    state: Literal["active", "blocked", "expired"]
    last4: str | None
    balance: MoneyView
    expires_on: date | None
    customer_id: UUID | None
    created_at: WireMoment
    version: int


CODE_EXAMPLE = {"code": "7K2M-Q9TX-4HDP-WB3R"}


def _service():
    return request.env["fynlo.stored.value.service"]


class GiftCardsController(http.Controller):
    @api_route(
        "/gift-cards",
        method="POST",
        permission="gift_card.issue",
        summary="Activate a gift card that was sold, or give one away",
        tag="gift cards",
        body=GiftCardShape,
        example={
            "id": "0192f0a1-7c3e-7b44-9d55-2f6b1c0e8a77",
            "line_id": "0192f0a1-7c3e-7b44-9d55-2f6b1c0e8a78",
            **CODE_EXAMPLE,
        },
        returns=StoredValueView,
        status=201,
        errors=("not_found", "gift_card_line", "gift_card_code_taken", "id_taken", "location_not_ready"),
        budget="money",
    )
    def issue_gift_card(self, body):
        card = _service()._issue(current_identity(), body)
        return Answer(card, resource=("gift_card", card["id"]))

    @api_route(
        "/gift-cards:balance",
        method="POST",
        permission="gift_card.use",
        summary="What a gift card holds; the code travels in the body, so that no log has it",
        tag="gift cards",
        body=CodeShape,
        example=CODE_EXAMPLE,
        returns=StoredValueView,
        errors=("gift_card_unknown", "gift_card_locked"),
        idempotent=False,
        budget="money",
    )
    def gift_card_balance(self, body):
        return _service()._look_up(current_identity(), body.code, current_call().address)

    @api_route(
        "/gift-cards/<uuid:card_id>:block",
        method="POST",
        permission="gift_card.block",
        summary="Block a card, for example a stolen one",
        tag="gift cards",
        body=BlockShape,
        returns=StoredValueView,
        errors=("not_found",),
    )
    def block_gift_card(self, card_id, body):
        return _service()._block(current_identity(), card_id, True, body.reason)

    @api_route(
        "/gift-cards/<uuid:card_id>:unblock",
        method="POST",
        permission="gift_card.block",
        summary="Let a blocked card be used again",
        tag="gift cards",
        body=BlockShape,
        returns=StoredValueView,
        errors=("not_found",),
    )
    def unblock_gift_card(self, card_id, body):
        return _service()._block(current_identity(), card_id, False, body.reason)

    @api_route(
        "/customers/<uuid:customer_id>/credit",
        method="GET",
        permission="gift_card.use",
        summary="A customer's store credit",
        tag="gift cards",
        returns=StoredValueView,
        errors=("not_found",),
    )
    def customer_credit(self, customer_id):
        return _service()._credit(current_identity(), customer_id)

    @api_route(
        "/customers/<uuid:customer_id>/credit",
        method="POST",
        permission="gift_card.grant",
        summary="Give a customer store credit",
        tag="gift cards",
        body=CreditShape,
        returns=StoredValueView,
        status=201,
        errors=("not_found", "location_not_ready"),
        budget="money",
    )
    def grant_credit(self, customer_id, body):
        credit = _service()._grant_credit(current_identity(), customer_id, body)
        return Answer(credit, resource=("store_credit", credit["id"]))

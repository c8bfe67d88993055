"""Receipts for tills: read in three forms, printed and counted, sent, and their links taken back."""

from odoo import http
from odoo.http import request

from ..rest import Answer, api_route, current_identity
from .receipt_shapes import (
    PrintShape,
    ReceiptMessageView,
    ReceiptPrintView,
    ReceiptQuery,
    ReceiptView,
    RevokeShape,
    SendShape,
)

#: What a receipt as a page may load: nothing but what is in it.
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HTML = "text/html; charset=utf-8"
PDF = "application/pdf"
FORMS = {"application/json": "json", "text/html": "html", PDF: "pdf"}


class ReceiptsController(http.Controller):
    @api_route(
        "/orders/<uuid:order_id>/receipt",
        method="GET",
        permission="order.read",
        summary="The receipt or bill of an order: as data, as a page, or as a PDF; reading it counts as no print",
        tag="receipts",
        query=ReceiptQuery,
        returns=ReceiptView,
        answer_types=tuple(FORMS),
        errors=("not_found", "location_not_ready"),
    )
    def get_receipt(self, order_id, query):
        identity, receipts = current_identity(), request.env["fynlo.receipt"]
        document = receipts._document(identity, order_id)
        form = query.format or FORMS[request.httprequest.accept_mimetypes.best_match(list(FORMS), "application/json")]
        if form == "json":
            return Answer(document, headers={"Vary": "Accept"})
        if form == "pdf":
            return _file(receipts._pdf(document, identity.location_id), PDF)
        return _file(receipts._html(document, identity.location_id).encode(), HTML)

    @api_route(
        "/orders/<uuid:order_id>/receipt:print",
        method="POST",
        permission="receipt.print",
        summary="Count a print of the receipt, and have it printed on the location's printer when asked",
        tag="receipts",
        body=PrintShape,
        returns=ReceiptPrintView,
        status=201,
        errors=("not_found", "no_printer", "id_taken", "location_not_ready"),
    )
    def print_receipt(self, order_id, body):
        made = request.env["fynlo.receipt.print"]._print(current_identity(), order_id, body)
        return Answer(made, resource=("receipt_print", made["id"]))

    @api_route(
        "/orders/<uuid:order_id>/receipt:send",
        method="POST",
        permission="receipt.send",
        summary="Send the receipt by e-mail; it leaves in the background",
        tag="receipts",
        body=SendShape,
        returns=ReceiptMessageView,
        status=202,
        errors=("not_found", "id_taken", "receipt_sent_often", "location_not_ready"),
        budget="message",
    )
    def send_receipt(self, order_id, body):
        message = request.env["fynlo.receipt.message"]._send(current_identity(), order_id, body)
        return Answer(message, resource=("receipt_message", message["id"]))

    @api_route(
        "/orders/<uuid:order_id>/receipt:revoke",
        method="POST",
        permission="receipt.revoke",
        summary="Take the receipt's link back; the receipt gets another",
        tag="receipts",
        body=RevokeShape,
        returns=ReceiptView,
        errors=("not_found", "link_spent", "location_not_ready"),
    )
    def revoke_receipt(self, order_id, body):
        receipt = request.env["fynlo.receipt.link"]._revoke(current_identity(), order_id, body.reason)
        return Answer(receipt, resource=("order", receipt["order_id"]))


def _file(raw, media_type):
    return Answer(raw, media_type=media_type, headers={"Content-Security-Policy": PAGE_POLICY, "Vary": "Accept"})

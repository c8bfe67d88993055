"""Prints of receipts: counted, so that every one after the original is marked as a copy."""

from odoo import api, fields, models

from ...engine.receipt import receipt_kind
from ...rest import Problem
from ...tools.clock import now, wire
from ...tools.network_printer import NetworkPrinter
from ...tools.receipt_slip import receipt_slip


class FynloReceiptPrint(models.Model):
    """One print: by a till on a printer of its own, or by us on the location's network printer."""

    _name = "fynlo.receipt.print"
    _description = "Receipt print"
    _inherit = ["fynlo.resource.mixin", "fynlo.print.queue"]
    _order = "id desc"
    _rec_name = "fynlo_uuid"
    _resource_name = "receipt_print"
    _lane = "config_id"
    _cron = "fynlo_pos_core.cron_print_receipts"

    order_id = fields.Many2one("pos.order", required=True, readonly=True, index=True, ondelete="cascade")
    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    employee_id = fields.Many2one("hr.employee", "Printed by", readonly=True, ondelete="set null")
    device_id = fields.Many2one("fynlo.device", readonly=True, ondelete="set null")
    kind = fields.Selection(
        [("bill", "Bill"), ("receipt", "Receipt"), ("refund", "Refund"), ("cancelled", "Cancelled order")],
        required=True,
        readonly=True,
    )
    copy_number = fields.Integer("Copy", required=True, readonly=True, help="0 is the original.")
    order_version = fields.Integer(required=True, readonly=True)
    printer = fields.Selection(
        [("till", "Till's own"), ("location", "Location's")], required=True, readonly=True, default="till"
    )

    @api.model
    def _print(self, identity, uuid, wish):
        """Count a print of an order's receipt, and have it printed when ``wish.printer`` is the location's.

        A print with the same id is never made twice. Returns the print's document with the receipt
        as it is to be printed. Raises ``not_found``, ``no_printer`` or ``id_taken``.
        """
        facts = self.env["fynlo.order.service"]._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(uuid, facts)
        earlier = self.sudo().search([("fynlo_uuid", "=", str(wish.id))])
        if earlier and earlier.order_id.id != order.row_id:
            raise Problem("id_taken", self.env._("A print with this id exists already."))
        receipt = self.env["fynlo.receipt"]._of(order, facts, copy=earlier.copy_number if earlier else None)
        record = earlier or self._keep(identity, order, facts, wish, receipt["copy"])
        return {**record._api_values(), "receipt": receipt}

    def _keep(self, identity, order, facts, wish, copy):
        here = wish.printer == "till"
        if not here and not self.env["pos.config"].sudo().browse(facts.location_id).fynlo_receipt_printer_host:
            raise Problem("no_printer", self.env._("This location has no receipt printer."))
        record = self.sudo().create(
            {
                "fynlo_uuid": str(wish.id),
                "order_id": order.row_id,
                "config_id": facts.location_id,
                "company_id": facts.company_id,
                "employee_id": identity.employee_id,
                "device_id": identity.device_id or False,
                "kind": receipt_kind(order),
                "copy_number": copy,
                "order_version": order.version,
                "printer": wish.printer,
                "state": "printed" if here else "waiting",
                "printed_at": now() if here else False,
            }
        )
        if not here:
            self._wake()
        self.env["fynlo.audit.log"]._record(
            "receipt.printed",
            company_id=facts.company_id,
            resource=("order", order.uuid),
            after={"kind": record.kind, "copy": copy, "printer": wish.printer},
        )
        record._announce_print()
        return record

    # --- what the queue asks -------------------------------------------------------------

    def _printer(self):
        location = self.config_id
        return NetworkPrinter(
            location.fynlo_receipt_printer_host or "",
            location.fynlo_receipt_printer_port,
            location.fynlo_receipt_printer_confirms,
        )

    def _paper(self):
        receipts = self.env["fynlo.receipt"]
        document = receipts._at(self.config_id.id, self.order_id.uuid, copy=self.copy_number)
        return receipt_slip(receipts._sheet(document, None), paper=self.config_id.fynlo_receipt_paper)

    def _announce_print(self):
        """Tell the location's tills what became of the print."""
        topic = f"l.{self.config_id.fynlo_uuid}.orders"
        self.env["fynlo.outbox"]._emit(
            self.company_id.id, topic, "receipt.printed", self.fynlo_uuid, self._api_values()
        )

    def _api_values(self):
        self.ensure_one()
        return {
            "id": self.fynlo_uuid,
            "order_id": self.order_id.uuid,
            "kind": self.kind,
            "copy": self.copy_number,
            "printer": self.printer,
            "state": self.state,
            "failure": self.failure or None,
            "printed_at": wire(self.printed_at) if self.printed_at else None,
        }

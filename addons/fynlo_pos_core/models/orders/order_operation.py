"""The journal of what tills asked of an order, kept also when it was refused."""

import json

from odoo import api, fields, models

from ...rest import closing_statements
from ...rest.prepared_statement import PreparedStatement
from ...rest.representation import to_json

RECORD = PreparedStatement(
    """INSERT INTO fynlo_order_operation
              (order_id, op_id, type, employee_id, device_id, device_seq, base_version, version,
               client_created_at, received_at, body, result, code, detail, conflict)
       SELECT %(order)s, r.op_id, r.type, %(employee)s, %(device)s, r.device_seq, %(base_version)s, %(version)s,
              r.client_created_at, %(received_at)s, r.body, r.result, r.code, r.detail, r.conflict
         FROM jsonb_array_elements(%(rows)s::jsonb) WITH ORDINALITY AS e(row, place),
              jsonb_populate_record(NULL::fynlo_order_operation, e.row) r
        ORDER BY e.place""",
    order="int",
    employee="int",
    device="int",
    base_version="int",
    version="int",
    received_at="timestamp",
)


class FynloOrderOperation(models.Model):
    """One row an operation. Written by the order service in the transaction of the edit; never changed."""

    _name = "fynlo.order.operation"
    _description = "Order operation"
    _log_access = False
    _order = "id"
    _rec_name = "type"

    order_id = fields.Many2one("pos.order", required=True, readonly=True, ondelete="cascade")
    op_id = fields.Char("Operation", required=True, readonly=True)
    type = fields.Char(required=True, readonly=True)
    employee_id = fields.Many2one("hr.employee", readonly=True)
    device_id = fields.Many2one("fynlo.device", readonly=True)
    device_seq = fields.Integer(readonly=True)
    base_version = fields.Integer(readonly=True)
    version = fields.Integer("Version after", readonly=True)
    client_created_at = fields.Datetime("Made on the till at", readonly=True)
    received_at = fields.Datetime(required=True, readonly=True, index=True)
    body = fields.Json(readonly=True)
    result = fields.Selection(
        [
            ("applied", "Applied"),
            ("merged", "Merged"),
            ("superseded", "Superseded"),
            ("rejected", "Rejected"),
        ],
        required=True,
        readonly=True,
    )
    code = fields.Char(readonly=True)
    detail = fields.Char(readonly=True)
    conflict = fields.Json(readonly=True)

    _operation_once = models.UniqueIndex("(order_id, op_id)")

    @api.model
    def _record(self, order, identity, wish, entries, received_at):
        """Write the journal rows of ``entries`` [(operation, result)] when the cursor is flushed."""
        if not entries:
            return
        closing_statements.add(
            self.env.cr,
            RECORD,
            order=order.row_id,
            employee=identity.employee_id or None,
            device=identity.device_id or None,
            base_version=wish.base_version,
            version=order.version,
            received_at=received_at,
            rows=json.dumps([_row(op, result) for op, result in entries], default=str),
        )


def _row(op, result):
    return {
        "op_id": str(op.op_id),
        "type": op.type,
        "device_seq": op.device_seq,
        "client_created_at": op.moment,
        "body": body_of(op),
        "result": result.result,
        "code": result.code,
        "detail": result.detail,
        "conflict": result.conflict or None,
    }


def body_of(operation):
    """An operation as plain JSON, to keep and to compare."""
    return json.loads(to_json(operation.model_dump(mode="json")))

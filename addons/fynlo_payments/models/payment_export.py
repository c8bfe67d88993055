"""Payments, their ledger, their history and Fynlo's fees as a file that spreadsheets read."""

import base64
import csv
import io
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.tools import clock
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

#: A history is read payment by payment; more than these are asked for in parts.
HISTORIES = 2_000
ROWS = 100_000
#: A cell that begins so would be reckoned by a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")

COLUMNS = {
    "payments": (
        "payment", "order", "location", "tender", "state", "amount", "tip", "surcharge", "given_back", "currency",
        "asked_at", "changed_at", "taken_by", "device", "provider_reference", "live",
    ),
    "ledger": ("at", "location", "order", "payment", "refund", "tender", "what", "account", "amount", "currency"),
    "history": ("payment", "order", "at", "what", "who", "detail"),
    "fees": ("at", "month", "location", "payment", "tender", "what", "charged", "fee", "currency"),
}  # fmt: skip


class FynloPaymentExport(models.TransientModel):
    """Days are the trading days of each location. One gets what one may see, and the audit log tells of it."""

    _name = "fynlo.payment.export"
    _description = "Export payments"

    what = fields.Selection(
        [
            ("payments", "Payments"),
            ("ledger", "Payment ledger"),
            ("history", "History of payments: every state, ledger entry, refund and audit entry"),
            ("fees", "Fynlo's fees, payment by payment"),
        ],
        required=True,
        default="payments",
    )
    config_ids = fields.Many2many("pos.config", string="Locations", help="None: all that you may see.")
    first_day = fields.Date("From", required=True, default=lambda self: fields.Date.context_today(self).replace(day=1))
    last_day = fields.Date("To", required=True, default=fields.Date.context_today)
    file = fields.Binary(readonly=True, attachment=False)
    file_name = fields.Char(readonly=True)

    def action_export(self):
        """Make the file and have the browser fetch it."""
        self.ensure_one()
        if self.last_day < self.first_day:
            raise UserError(self.env._("The last day is before the first."))
        if self.what == "fees" and not self.env["fynlo.fee.revenue"].has_access("read"):
            raise AccessError(self.env._("Owners see what Fynlo earns."))
        rows = list(getattr(self, f"_{self.what}_rows")(self._days()))
        name = f"{self.what}-{self.first_day}-{self.last_day}.csv"
        self.write({"file": base64.b64encode(_csv(COLUMNS[self.what], rows)), "file_name": name})
        self._audit(len(rows))
        url = f"/web/content/{self._name}/{self.id}/file/{name}?download=true"
        return {"type": "ir.actions.act_url", "url": url, "target": "self"}

    # --- what is in it -------------------------------------------------------------------

    def _payments_rows(self, days):
        for payment in self._found("fynlo.payment", days, "create_date"):
            digits = payment.currency_id.decimal_places
            yield (
                payment.fynlo_uuid, payment.order_number, payment.config_id.name, payment.method, payment.state,
                *(_exact(payment[name], digits) for name in ("amount", "tip", "surcharge", "refunded")),
                payment.currency_id.name, clock.wire(payment.create_date), clock.wire(payment.write_date),
                payment.sudo().employee_id.name, payment.sudo().device_id.name, payment.provider_reference,
                "live" if payment.livemode else "",
            )  # fmt: skip

    def _ledger_rows(self, days):
        for entry in self._found("fynlo.payment.entry", days, "at"):
            yield (
                clock.wire(entry.at), entry.config_id.name, entry.order_number, entry.payment_id.fynlo_uuid,
                entry.refund_id.fynlo_uuid, entry.method, entry.kind, entry.account,
                _exact(entry.amount, entry.currency_id.decimal_places), entry.currency_id.name,
            )  # fmt: skip

    def _history_rows(self, days):
        for payment in self._found("fynlo.payment", days, "create_date", HISTORIES):
            for entry in payment._fynlo_history():
                yield (
                    payment.fynlo_uuid, payment.order_number, clock.wire(entry["at"]),
                    entry["what"], entry["who"], entry["detail"],
                )  # fmt: skip

    def _fees_rows(self, days):
        for row in self._found("fynlo.fee.revenue", days, "at"):
            digits = row.currency_id.decimal_places
            yield (
                clock.wire(row.at), f"{row.at:%Y-%m}", row.config_id.name, row.payment_id.fynlo_uuid, row.method,
                row.kind, _exact(row.charged, digits), _exact(row.fee, digits), row.currency_id.name,
            )  # fmt: skip

    def _found(self, model, days, moment, limit=ROWS):
        """The records whose ``moment`` is within the days of their location, oldest first, by the user's rights."""
        domain = Domain.OR(
            Domain("config_id", "=", location.id) & Domain(moment, ">=", first) & Domain(moment, "<", after)
            for location, first, after in days
        )
        records = self.env[model].search(domain, order="id", limit=limit + 1)
        if len(records) > limit:
            raise UserError(self.env._("That is more than %s records. Choose fewer days or locations.", limit))
        return records

    def _days(self):
        """(location, begin of the first day, end of the last) in naive UTC for each location."""
        locations = self.env["pos.config"].with_context(active_test=False)
        chosen = self.config_ids or locations.search([("company_id", "in", self.env.companies.ids)])
        chosen.check_access("read")
        return [(location, *self._span(location)) for location in chosen]

    def _span(self, location):
        days = (self.first_day, self.last_day + timedelta(days=1))
        return (clock.day_begins(day, location.fynlo_time_zone, location.fynlo_day_start) for day in days)

    def _audit(self, rows):
        told = {"what": self.what, "from": str(self.first_day), "to": str(self.last_day), "rows": rows}
        self.env["fynlo.audit.log"]._record("payments.exported", company_id=self.env.company.id, after=told)

    @api.autovacuum
    def _gc_files(self):
        """A file that was fetched need not lie here."""
        self.sudo().search([("create_date", "<", clock.now() - timedelta(hours=1))]).unlink()


def _exact(minor, digits):
    """Minor units as an exact amount with all its digits."""
    return Decimal(minor).scaleb(-digits)


def _csv(columns, rows):
    """The table as a file in UTF-8 with a mark that spreadsheets know it by."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(columns)
    table.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value):
    """Text never becomes a formula; amounts stay numbers."""
    if isinstance(value, (Decimal, float, int)) and not isinstance(value, bool):
        return value
    text = str(value or "")
    return f"'{text}" if text.startswith(FORMULA) else text

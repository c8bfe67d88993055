"""X and Z reports: what a till sold and took. X is of this moment, Z is numbered and frozen at close."""

from decimal import Decimal

from odoo import api, models

from ...engine.facts import quantity_text
from ...rest import Problem, declare
from ...tools import clock
from ...tools.money import to_minor
from . import till_report_queries as queries

declare(
    "z_report_not_ready",
    409,
    "No Z report yet",
    "The Z report is made when the till session closes.",
    "Close the till session, or ask for the X report.",
)


class FynloTillReport(models.AbstractModel):
    """Adds up a session straight from its rows, with a fixed number of queries however many orders."""

    _name = "fynlo.till.report"
    _description = "Till report"

    @api.model
    def _of(self, session, kind, number=None):
        """The report of ``session`` as a JSON value."""
        self.env.flush_all()
        values = {
            "session": session.id,
            "tip": session.config_id.tip_product_id.id or None,
            "service": session.config_id.fynlo_service_product_id.id or None,
            "surcharge": session.config_id._fynlo_surcharge_product().id or None,
        }
        digits, currency = session.currency_id.decimal_places, session.currency_id.name

        def money(major):
            return {"amount": to_minor(major, digits), "currency": currency}

        by_tax = self._by_tax(values, money)
        return {
            **self._head(session, kind, number),
            **self._orders(values, money),
            "sales": _summed(by_tax, currency),
            "by_tax": by_tax,
            "by_category": self._by_category(values, money),
            "payments": self._payments(values, money),
            **{name: money(amount) for name, amount in self._rows(queries.EXTRAS, values)[0].items()},
            "rounding": {"amount": int(self._rows(queries.ROUNDING, values)[0]["amount"]), "currency": currency},
            **self._reductions(values, money, currency),
            "cash_movements": [
                {**row, "amount": {"amount": int(row["amount"]), "currency": currency}}
                for row in self._rows(queries.MOVEMENTS, values)
            ],
            "cash": self._cash(session, money) if kind == "z" else None,
        }

    def _rows(self, query, values):
        self.env.cr.execute(query, values)
        return self.env.cr.dictfetchall()

    def _head(self, session, kind, number):
        location = session.config_id
        return {
            "kind": kind,
            "number": number,
            "till_session": {"id": session.fynlo_uuid, "name": session.name},
            "location": {"id": location.fynlo_uuid, "name": location.name},
            "business_date": session.fynlo_business_date and session.fynlo_business_date.isoformat(),
            "opened_at": clock.wire(session.start_at or None),
            "closed_at": clock.wire(session.stop_at or None),
            "made_at": clock.wire(clock.now()),
        }

    def _orders(self, values, money):
        row = self._rows(queries.ORDERS, values)[0]
        refunds = {"count": row.pop("refund_count"), "amount": money(row.pop("refund_amount"))}
        return {"orders": {**row, "guests": int(row["guests"])}, "refunds": refunds}

    def _by_tax(self, values, money):
        """Sales by the taxes on them. Each line's figures are the stored ones, so the sums are exact."""
        sections = []
        for row in self._rows(queries.BY_TAX, values):
            taxes = self.env["account.tax"].sudo().browse(row["ids"])
            sections.append(
                {
                    "name": ", ".join(taxes.mapped("name")) or self.env._("No tax"),
                    "rate_bp": round(sum(tax.amount for tax in taxes if tax.amount_type == "percent") * 100),
                    "net": money(row["net"]),
                    "tax": money(row["gross"] - row["net"]),
                    "gross": money(row["gross"]),
                }
            )
        return sections

    def _by_category(self, values, money):
        sections = []
        for row in self._rows(queries.BY_CATEGORY, values):
            category = self.env["pos.category"].sudo().browse(row["id"])
            sections.append(
                {
                    "id": category.fynlo_uuid if category else None,
                    "name": category.name if category else self.env._("No category"),
                    "quantity": quantity_text(Decimal(repr(round(row["quantity"], 3)))),
                    "net": money(row["net"]),
                    "gross": money(row["gross"]),
                }
            )
        return sections

    def _payments(self, values, money):
        methods = self.env["pos.payment.method"].sudo()
        return [
            {
                "method": methods.browse(row["method"]).name,
                "kind": methods.browse(row["method"]).type,
                "count": row["count"],
                "amount": money(row["amount"]),
            }
            for row in self._rows(queries.PAYMENTS, values)
        ]

    def _reductions(self, values, money, currency):
        """Discounts, comps and voids: how often, and how much they took off."""
        given = {row["comp"]: row for row in self._rows(queries.DISCOUNTS, values)}
        voided = self._rows(queries.VOIDS, values)[0]

        def share(comp):
            row = given.get(comp, {"count": 0, "amount": 0})
            return {"count": row["count"], "amount": {"amount": int(row["amount"]), "currency": currency}}

        voids = {"count": voided["count"], "amount": money(voided["amount"])}
        return {"discounts": share(False), "comps": share(True), "voids": voids}

    def _cash(self, session, money):
        return {
            "float": money(session.cash_register_balance_start),
            "expected": money(session.fynlo_expected_cash),
            "counted": money(session.cash_register_balance_end_real),
            "over_short": money(session.cash_register_balance_end_real - session.fynlo_expected_cash),
            "note": session.closing_notes or None,
        }


class FynloTillSessionService(models.AbstractModel):
    _inherit = "fynlo.till.session.service"

    @api.model
    def _report(self, identity, uuid, kind):
        """The X report of this moment, or the Z report as it was frozen. Raises ``z_report_not_ready``."""
        session = self._find(identity, uuid)
        if kind == "x":
            return self.env["fynlo.till.report"]._of(session, "x")
        if not session.fynlo_z_report:
            raise Problem("z_report_not_ready", self.env._("The till session %s is not closed yet.", session.name))
        return session.fynlo_z_report

    def _freeze_z_report(self, location, session):
        """Give the closing session its Z number and keep its report for good."""
        number = location._fynlo_take_z_number()
        report = self.env["fynlo.till.report"]._of(session, "z", number)
        session.write({"fynlo_z_number": number, "fynlo_z_report": report})


def _summed(sections, currency):
    return {
        name: {"amount": sum(section[name]["amount"] for section in sections), "currency": currency}
        for name in ("net", "tax", "gross")
    }

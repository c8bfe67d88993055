"""Reconciliations as managers read them over the API: which are theirs, and their shape."""

from datetime import date

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import NotFound, paging
from odoo.addons.fynlo_pos_core.tools.clock import wire
from odoo.fields import Domain

DIFFERENCES_MAX = 500


class FynloReconciliation(models.Model):
    _inherit = "fynlo.reconciliation"

    @api.model
    def _visible(self, identity):
        """Those of the company, and of the caller's locations when bound to some; owners see all of the company."""
        own = Domain("company_id", "=", identity.company_id)
        located = self.env["hr.employee"].sudo().browse(identity.employee_id).fynlo_location_ids
        return own & Domain("config_id", "in", located.ids) if located and identity.role != "owner" else own

    @api.model
    def _page(self, identity, query):
        """A page, the newest day first. Raises ``validation_failed`` for a foreign cursor."""
        domain = self._visible(identity)
        wanted = {("state", "="): query.state, ("provider", "="): query.provider}
        wanted |= {("day", ">="): query.from_day, ("day", "<="): query.to_day}
        for (name, operator), value in wanted.items():
            domain &= Domain(name, operator, value) if value else Domain.TRUE
        if query.cursor:
            ordinal, row_id = paging.decode(query.cursor, int, int)
            day = date.fromordinal(min(max(ordinal, 1), date.max.toordinal()))
            domain &= Domain("day", "<", day) | Domain("day", "=", day) & Domain("id", "<", row_id)
        rows = self.sudo().search(domain, order="day desc, id desc", limit=query.limit + 1)
        return paging.page(rows, query.limit, lambda row: row._api_values(), lambda row: [row.day.toordinal(), row.id])

    @api.model
    def _find(self, identity, uuid):
        row = self.sudo().search(self._visible(identity) & Domain("fynlo_uuid", "=", str(uuid)), limit=1)
        if not row:
            raise NotFound(self.env._("There is no such reconciliation."))
        return row

    def _api_values(self):
        self.ensure_one()
        return {
            "id": self.fynlo_uuid,
            "provider": self.provider,
            "account": self.account,
            "livemode": self.livemode,
            "day": self.day.isoformat(),
            "state": self.state,
            "location_id": self.config_id.fynlo_uuid or None,
            "till_session_id": self.session_id.fynlo_uuid or None,
            "at_provider": self._money(self.provider_amount),
            "in_ledger": self._money(self.ledger_amount),
            "on_orders": self._money(self.orders_amount),
            "fees": self._money(self.fee_amount),
            "arrived": self._money(self.net_amount),
            "over_short": self._money(self.over_short) if self.provider == "cash" else None,
            "movements": self.movement_count,
            "facts": self.fact_count,
            "unresolved": self.unresolved_count,
            "checked_at": wire(self.checked_at or None),
        }

    def _api_details(self):
        """The shape with its newest differences."""
        differences = self.difference_ids.sorted("id", reverse=True)[:DIFFERENCES_MAX]
        return {**self._api_values(), "differences": [one._api_values() for one in differences]}

    def _money(self, minor):
        return {"amount": minor, "currency": self.currency_id.name}


class FynloReconciliationDifference(models.Model):
    _inherit = "fynlo.reconciliation.difference"

    def _api_values(self):
        self.ensure_one()
        money = self.reconciliation_id._money
        return {
            "id": self.fynlo_uuid,
            "kind": self.kind,
            "state": self.state,
            "expected": money(self.expected),
            "found": money(self.found),
            "payment_id": self.payment_id.fynlo_uuid or None,
            "refund_id": self.refund_id.fynlo_uuid or None,
            "order_id": self.order_id.uuid or None,
            "explanation": self.explanation,
            "note": self.note or None,
            "settled_by": self.actor or None,
            "found_at": wire(self.found_at),
        }

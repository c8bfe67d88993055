"""Handing an order over: to another employee, to another table, or both."""

from odoo import api, models

from ...engine.table_change import place_at
from ...rest import Invalid, Problem


class FynloOrderService(models.AbstractModel):
    _inherit = "fynlo.order.service"

    @api.model
    def _transfer(self, identity, uuid, wish):
        """Give an open order another server, another table, or both; its document.

        Raises ``order_closed``, and ``unknown_item`` for somebody or a table that is not of this location.
        """
        if wish.server_id is None and wish.table_id is None:
            raise Invalid(self.env._("Say to whom, or to which table."))
        facts = self._facts(identity)
        table = self._known(facts.tables, wish.table_id, "table_id")
        order = self.env["fynlo.order.rows"]._lock(uuid, facts)
        if order.state != "open":
            raise Problem("order_closed", self.env._("The order is %s.", order.state))
        before = _who_and_where(order)
        editor = self._standing_editor(identity, order, facts)
        if wish.server_id:
            server = self.env["fynlo.table.desk"]._server(identity, wish.server_id)
            order.server_id, order.server = server.id, {"id": server.fynlo_uuid, "name": server.name}
        if table:
            place_at(order, table, identity, self.env.cr.now())
        editor.changed = before != _who_and_where(order)
        if editor.changed:
            self._audit_transfer(order, before, facts)
        return self._keep_edits(order, facts, identity, editor)

    def _audit_transfer(self, order, before, facts):
        self.env["fynlo.audit.log"]._record(
            "order.transferred",
            company_id=facts.company_id,
            resource=("order", order.uuid),
            before=before,
            after=_who_and_where(order),
        )


def _who_and_where(order):
    return {"server": order.server or order.created_by, "table": order.table}

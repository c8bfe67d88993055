"""Telling tills how a table stands when one of its orders has changed."""

from functools import partial

from odoo import api, models

TOUCHED = "fynlo.tables"


class FynloOrderService(models.AbstractModel):
    _inherit = "fynlo.order.service"

    @api.model
    def _announce(self, order, facts, event):
        tables = {order.table_id, order.stored_header.get("table_id")} - {None}
        if tables:
            self._touch_tables(facts, tables)
        return super()._announce(order, facts, event)

    def _touch_tables(self, facts, table_ids):
        """Announce these tables when all else is written: one statement however many orders have changed."""
        precommit = self.env.cr.precommit
        touched = precommit.data.get(TOUCHED)
        if touched is None:
            touched = precommit.data[TOUCHED] = {}
            precommit.add(partial(self._tell_tables, precommit))
        touched.setdefault(facts.location_id, (facts, set()))[1].update(table_ids)

    def _tell_tables(self, precommit):
        for facts, table_ids in precommit.data.pop(TOUCHED, {}).values():
            documents = self.env["fynlo.table.status"]._of(facts, table_ids)
            self.env["fynlo.table.desk"]._announce(facts, documents.values())

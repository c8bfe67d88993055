"""Parties and their tables: putting tables together for a large one, and moving it elsewhere."""

from odoo import api, models
from psycopg2.errors import SerializationFailure

from ...engine.table_change import place_at
from ...rest import Invalid, Problem


class FynloTableDesk(models.AbstractModel):
    _inherit = "fynlo.table.desk"

    @api.model
    def _join(self, identity, uuid, table_ids, call):
        """Put tables to this one: their parties are one from now on, and their orders are shown here.

        A table that was itself joined brings along what belongs to it. Raises ``table_joined``
        when this one belongs to another.
        """
        facts = self._facts(identity)
        others = [self._find(facts, table_id) for table_id in table_ids]
        self.env["fynlo.table.status"]._of(facts, [self._find(facts, uuid).id, *(table.id for table in others)])
        table, standing = self._locked(facts, uuid, call)
        if standing["joined_to"]:
            raise Problem("table_joined", self.env._("The table is joined to another one."), current=standing)
        if table in others:
            raise Invalid(self.env._("A table cannot be joined to itself."), field="table_ids")
        self._unite_parties(facts, table, others)
        before = self._put_together(table, others)
        self._changed(facts, *others, *before)
        return self._changed(facts, table)

    @api.model
    def _unjoin(self, identity, uuid, call):
        """Take a table off the one it was joined to, or every table off this one. The party stays with the latter."""
        facts = self._facts(identity)
        table, standing = self._locked(facts, uuid, call)
        if not standing["joined_to"]:
            return self._changed(facts, table, *self._part_tables(facts, table))
        root = self._find(facts, standing["joined_to"]["id"])
        self.env.cr.execute("UPDATE restaurant_table SET parent_id = NULL WHERE id = %s", (table.id,))
        self.env["restaurant.table"].browse(table.id).invalidate_recordset(["parent_id"], flush=False)
        return self._changed(facts, table, root)

    @api.model
    def _move(self, identity, uuid, to_uuid, call):
        """Move the whole party: whoever sits here and every open order go to another, free table.

        Raises ``table_in_use`` when somebody sits there.
        """
        facts = self._facts(identity)
        table, goal = self._find(facts, uuid), self._find(facts, to_uuid)
        if table == goal:
            raise Invalid(self.env._("The party sits there already."), field="to_table_id")
        orders = self._lock_orders(facts, table)
        standings = self.env["fynlo.table.status"]._of(facts, [table.id, goal.id])
        self._check_move(standings, table, goal, orders, call)
        for order in orders:
            self.env["fynlo.order.service"]._put_at(identity, order, goal, facts)
        party = self._party(facts, table.id)
        party.write({"table_id": goal.id, "changed_at": self.env.cr.now().replace(microsecond=0)})
        self._changed(facts, table, *self._part_tables(facts, table))
        return self._changed(facts, goal)

    # --- steps ---------------------------------------------------------------------------

    def _unite_parties(self, facts, table, others):
        """The guests of the others join the party; who was seated first tells since when it sits."""
        party = self._party(facts, table.id)
        for other in others:
            joining = self._party(facts, other.id)
            if joining and not party:
                joining.table_id, party = table.id, joining
            elif joining:
                party.write(
                    {
                        "guests": party.guests + joining.guests,
                        "seated_at": min(party.seated_at, joining.seated_at),
                        "changed_at": self.env.cr.now().replace(microsecond=0),
                    }
                )
                self._leave(joining)
            self.env.flush_all()

    def _put_together(self, table, others):
        """Write the joins; returns the tables from which a joined one was taken away."""
        ids = [other.id for other in others]
        self.env.cr.execute(
            """SELECT DISTINCT root.id FROM restaurant_table one JOIN restaurant_table root ON root.id = one.parent_id
                WHERE one.id = ANY(%s) AND root.id != %s AND NOT (root.id = ANY(%s))""",
            (ids, table.id, ids),
        )
        left = self.env["restaurant.table"].browse([root_id for (root_id,) in self.env.cr.fetchall()])
        self.env.cr.execute(
            "UPDATE restaurant_table SET parent_id = %s WHERE id = ANY(%s) OR parent_id = ANY(%s)",
            (table.id, ids, ids),
        )
        self.env["restaurant.table"].invalidate_model(["parent_id"], flush=False)
        return left

    def _lock_orders(self, facts, table):
        """The open orders of a table and of those joined to it, locked before any table is."""
        uuids = self._open_orders(facts, table)
        return self.env["fynlo.order.rows"]._lock_all(uuids, facts) if uuids else []

    def _open_orders(self, facts, table):
        self.env.cr.execute(
            """SELECT o.uuid FROM pos_order o JOIN restaurant_table t ON t.id = o.table_id
                WHERE coalesce(t.parent_id, t.id) = %s AND o.state = 'draft' AND o.config_id = %s
                  AND o.fynlo_number IS NOT NULL""",
            (table.id, facts.location_id),
        )
        return [uuid for (uuid,) in self.env.cr.fetchall()]

    def _check_move(self, standings, table, goal, orders, call):
        here, there = standings[table.id], standings[goal.id]
        call.require_version(here["version"], here)
        if here["joined_to"] or there["joined_to"]:
            raise Problem("table_joined", self.env._("The table is joined to another one."), current=here)
        if here["state"] == "free":
            raise Problem(
                "illegal_transition", self.env._("Nobody sits at the table."), current_state="free", allowed=["seated"]
            )
        if there["state"] != "free":
            raise Problem("table_in_use", self.env._("Somebody sits there."), orders=there["orders"])
        if {order["id"] for order in here["orders"]} != {order.uuid for order in orders if order.state == "open"}:
            raise SerializationFailure(f"orders came to or left table {table.uuid}")


class FynloOrderService(models.AbstractModel):
    _inherit = "fynlo.order.service"

    @api.model
    def _put_at(self, identity, order, table, facts):
        """Give an order that is locked another table; the kitchen hears of it. Its document."""
        editor = self._standing_editor(identity, order, facts)
        place_at(order, table, identity, self.env.cr.now())
        editor.changed = True
        return self._keep_edits(order, facts, identity, editor)

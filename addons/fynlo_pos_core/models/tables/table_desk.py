"""The table desk: seats parties, notes that they ask for the bill, and clears tables.

Locks are taken in one order everywhere: orders first (by their rows' ids), then tables. Whoever
writes the audit log does so before an order is announced, since announcing locks its table.
"""

from odoo import api, models

from ...rest import Invalid, NotFound, Problem, declare
from ..system.transition import require_transition
from .seating_states import SEATING_STATES

declare(
    "table_in_use",
    409,
    "Table is in use",
    "A party sits at the table, or it has open orders; the answer names them.",
    "Finish, move or merge the orders that are named, then clear the table.",
)
declare(
    "table_joined",
    409,
    "Table is joined",
    "The table was joined to another one and has no party of its own.",
    "Use the table that joined_to names, or take the tables apart first.",
)

#: What tills ask for, and the state of the party that it means.
PARTY_STATES = {"seated": "seated", "bill": "bill", "free": "left"}


class FynloTableDesk(models.AbstractModel):
    _name = "fynlo.table.desk"
    _description = "Table desk"

    @api.model
    def _page(self, identity):
        """Every table of the location as it stands."""
        facts = self._facts(identity)
        return {"items": self.env["fynlo.table.status"]._all(facts), "next_cursor": None}

    @api.model
    def _change(self, identity, uuid, wish, call):
        """Seat a party, change it, note that it asks for the bill, or clear the table.

        Raises ``not_found``, ``version_conflict``, ``illegal_transition``, ``table_joined``, and
        ``table_in_use`` when a table with open orders is to be cleared.
        """
        facts = self._facts(identity)
        if not wish.model_fields_set:
            raise Invalid(self.env._("There is nothing to change."))
        table, standing = self._locked(facts, uuid, call)
        if standing["joined_to"]:
            raise Problem("table_joined", self.env._("The table is joined to another one."), current=standing)
        party, freed = self._party(facts, table.id), []
        if wish.state == "free":
            freed = self._clear(facts, table, party, standing)
            party = self._parties()
        elif wish.state:
            party = self._step(identity, facts, table, party, wish.state, standing)
        elif not party and standing["orders"]:
            party = self._seat(identity, facts, table)
        self._describe(identity, party, wish)
        return self._changed(facts, table, *freed)

    # --- steps ---------------------------------------------------------------------------

    def _step(self, identity, facts, table, party, state, standing):
        """Move the party on; a party that nobody seated begins when its first order did."""
        if not party:
            if state == "bill" and not standing["orders"]:
                raise Problem(
                    "illegal_transition",
                    self.env._("Nobody sits at the table."),
                    current_state="free",
                    allowed=["seated"],
                )
            return self._seat(identity, facts, table, state)
        require_transition(self.env, SEATING_STATES, party.state, state)
        party.state = state
        return party

    def _seat(self, identity, facts, table, state="seated"):
        now = self.env.cr.now()
        self.env.cr.execute(
            "SELECT min(create_date) FROM pos_order WHERE table_id = %s AND state = 'draft' AND config_id = %s",
            (table.id, facts.location_id),
        )
        return self._parties().create(
            {
                "table_id": table.id,
                "config_id": facts.location_id,
                "company_id": facts.company_id,
                "state": state,
                "server_id": identity.employee_id or False,
                "seated_at": (self.env.cr.fetchone()[0] or now).replace(microsecond=0),
                "changed_at": now.replace(microsecond=0),
            }
        )

    def _clear(self, facts, table, party, standing):
        """The party leaves, and the tables it had put together come apart: those that are on their own again."""
        if standing["orders"]:
            raise Problem(
                "table_in_use",
                self.env._("The table has open orders."),
                orders=[{name: order[name] for name in ("id", "number", "due")} for order in standing["orders"]],
            )
        self._leave(party)
        return self._part_tables(facts, table)

    def _leave(self, party):
        if party:
            party.write({"state": "left", "left_at": self.env.cr.now().replace(microsecond=0)})

    def _describe(self, identity, party, wish):
        """Note the party's guests and who serves it."""
        values = {"guests": wish.guests} if wish.guests is not None else {}
        if wish.server_id is not None:
            values["server_id"] = self._server(identity, wish.server_id).id
        if values and not party:
            raise Problem(
                "illegal_transition",
                self.env._("Nobody sits at the table."),
                current_state="free",
                allowed=["seated"],
            )
        party.write({**values, "changed_at": self.env.cr.now().replace(microsecond=0)})

    @api.model
    def _server(self, identity, uuid):
        """An employee who works at the location. Raises ``unknown_item``."""
        employee = self.env["hr.employee"].sudo().search([("fynlo_uuid", "=", str(uuid))])
        here = not employee.fynlo_location_ids or identity.location_id in employee.fynlo_location_ids.ids
        if not (employee.fynlo_role and employee.company_id.id == identity.company_id and here):
            raise Invalid(self.env._("Nobody of that id works here."), code="unknown_item", field="server_id")
        return employee

    # --- tables --------------------------------------------------------------------------

    def _locked(self, facts, uuid, call):
        """The table and how it stands, once no other request is changing it. Honours ``If-Match``."""
        table = self._find(facts, uuid)
        standing = self.env["fynlo.table.status"]._of(facts, [table.id]).get(table.id)
        if standing is None:
            raise NotFound(self.env._("There is no such table at this location."))
        call.require_version(standing["version"], standing)
        return table, standing

    def _find(self, facts, uuid):
        table = facts.tables.get(str(uuid))
        if table is None:
            raise NotFound(self.env._("There is no such table at this location."))
        return table

    def _changed(self, facts, *tables):
        """One version more of each table, announced with all that are joined to it; the first one's status."""
        self.env.flush_all()
        ids = [table.id for table in tables]
        self.env.cr.execute("UPDATE restaurant_table SET fynlo_version = fynlo_version + 1 WHERE id = ANY(%s)", (ids,))
        self.env["restaurant.table"].browse(ids).invalidate_recordset(["fynlo_version"], flush=False)
        documents = self.env["fynlo.table.status"]._of(facts, ids)
        self._announce(facts, documents.values())
        return documents[ids[0]]

    @api.model
    def _announce(self, facts, documents):
        for document in documents:
            self.env["fynlo.outbox"]._emit(
                facts.company_id, f"l.{facts.location_uuid}.tables", "table.updated", document["id"], document
            )

    def _part_tables(self, facts, root):
        """Take apart what was joined to a table; the tables that are on their own again."""
        self.env.cr.execute(
            "UPDATE restaurant_table SET parent_id = NULL WHERE parent_id = %s RETURNING id", (root.id,)
        )
        freed = {table_id for (table_id,) in self.env.cr.fetchall()}
        self.env["restaurant.table"].browse(freed).invalidate_recordset(["parent_id"], flush=False)
        return [table for table in facts.tables.values() if table.id in freed]

    def _party(self, facts, table_id):
        """The party that sits at a table, or none."""
        return self._parties().search(
            [("table_id", "=", table_id), ("config_id", "=", facts.location_id), ("state", "!=", "left")]
        )

    def _parties(self):
        return self.env["fynlo.table.seating"].sudo()

    def _facts(self, identity):
        return self.env["fynlo.order.service"]._facts(identity)

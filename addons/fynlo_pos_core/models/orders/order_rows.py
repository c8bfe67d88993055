"""Writing orders: one statement where the ORM has nothing to add, through the ORM otherwise.

Either way all stored values are given and the location's constants are known beforehand, so nothing
is read or computed. ``docs/architecture.md`` has the path of an order.
"""

from odoo import api, models
from odoo.fields import Command
from psycopg2.errors import SerializationFailure

from ...rest.prepared_statement import PreparedStatement
from .direct_rows import DirectRows
from .pos_order import GIVEN
from .row_lane import surprises
from .row_values import changed_lines, changed_order, fresh_lines, new_order

QUIET = {
    "tracking_disable": True,
    "mail_notrack": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_auto_subscribe_no_notify": True,
    GIVEN: True,
}

NEXT_VERSION = PreparedStatement(
    """UPDATE pos_order SET fynlo_version = fynlo_version + 1
        WHERE id = %(order)s AND fynlo_version = %(version)s AND state = 'draft'"""
)


class FynloOrderRows(models.AbstractModel):
    _inherit = "fynlo.order.rows"

    @api.model
    def _insert(self, order, identity, facts, **values):
        """Write a new order with its fresh lines. ``values`` are more columns of its row."""
        values = {**values, **new_order(order, identity, facts)}
        order.row_id = self._lane(order, identity, facts).insert_order(values, fresh_lines(order, facts))
        self._link_combo_parts(order)

    @api.model
    def _update(self, order, identity, facts, **values):
        """Write the order's totals and the lines that changed; one version more.

        Raises a serialization failure, which runs the request again, when somebody else has
        written the order since it was loaded.
        """
        if order.shares:
            order.shares.level(order.due)
        values = {**changed_order(order, facts), **values}
        lane = self._lane(order, identity, facts)
        if not lane.update_order(order, values, changed_lines(order, facts), fresh_lines(order, facts)):
            raise SerializationFailure(f"order {order.uuid} changed")
        order.version += 1
        self._link_combo_parts(order)

    @api.model
    def _lane(self, order, identity, facts):
        """How rows are written: both lanes leave the same behind (``row_lane.py``)."""
        if facts.edit_tracking or surprises(self.env):
            return OrmRows(self._lean_env(order, identity, facts))
        return DirectRows(self.env, identity, facts)

    def _link_combo_parts(self, order):
        """Tie fresh parts to their combo; their ids are known only now."""
        pairs = [(part.uuid, line.uuid) for line in order.lines if not line.row_id for part in line.parts]
        if pairs:
            self.env.cr.execute(
                """UPDATE pos_order_line part SET combo_parent_id = parent.id
                     FROM unnest(%s, %s) AS pair(part, parent)
                     JOIN pos_order_line parent ON parent.uuid = pair.parent
                    WHERE part.uuid = pair.part""",
                ([pair[0] for pair in pairs], [pair[1] for pair in pairs]),
            )
            self.env["pos.order.line"].invalidate_model(["combo_parent_id", "combo_line_ids"], flush=False)

    def _lean_env(self, order, identity, facts):
        """An environment of the employee, with rights, whose cache holds the location's constants."""
        env = self.env(user=identity.user_id, su=True, context={**self.env.context, **QUIET})
        seeds = [
            *facts.seeds,
            ("pos.session", order.session_id, {"config_id": facts.location_id, "company_id": facts.company_id}),
        ]
        if order.row_id:
            seeds.append(("pos.order", order.row_id, _cached_order(order, facts)))
        for model, record_id, values in seeds:
            record = env[model].browse(record_id)
            for name, value in values.items():
                record._fields[name]._update_cache(record, value)
        return env


class OrmRows:
    """What ``DirectRows`` does, through the ORM: every override and constraint of every addon applies."""

    def __init__(self, env):
        self._env = env

    def insert_order(self, values, lines):
        """Write an order with its lines; returns its row's id."""
        rows = [Command.create(_written(line)) for line in lines]
        record = self._env["pos.order"].create([{**values, "lines": rows}])
        self._env.flush_all()
        return record.id

    def update_order(self, order, values, changed, fresh):
        """Write changed columns and lines of an open order at the version it was read; ``False`` if it moved on."""
        NEXT_VERSION.execute(self._env.cr, order=order.row_id, version=order.version)
        if not self._env.cr.rowcount:
            return False
        self.change_lines(changed)
        if fresh:
            self._env["pos.order.line"].create([{**_written(line), "order_id": order.row_id} for line in fresh])
        self._env["pos.order"].browse(order.row_id).write(values)
        self._env.flush_all()
        return True

    def change_lines(self, changed):
        """Write changed lines, and nothing of their order."""
        for line in changed:
            values = _written(line)
            self._env["pos.order.line"].browse(values.pop("id")).write(values)
        self._env.flush_all()

    def insert_payments(self, rows):
        """Write payments."""
        self._env["pos.payment"].create(rows)
        self._env.flush_all()


def _written(line):
    """A line in the ORM's own write format."""
    return {**line, "tax_ids": [Command.set(line["tax_ids"])]} if "tax_ids" in line else dict(line)


def _cached_order(order, facts):
    """What an update may look at, so that it need not be fetched.

    Only open orders are updated. The state must be the stored one: the ORM writes no column whose
    cached value it believes unchanged.
    """
    return {
        "state": "draft",
        "session_id": order.session_id,
        "config_id": facts.location_id,
        "company_id": facts.company_id,
        "name": order.number,
        "self_ordering_table_id": None,
        "employee_id": None,
        "account_move": None,
        "nb_print": 0,
        "has_deleted_line": False,
    }

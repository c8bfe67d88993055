"""Writing an order with its lines, taxes and payments in one statement, where the ORM has nothing to add."""

from .row_lane import MODELS
from .row_statements import RowStatements, packed

RETAX = """DELETE FROM account_tax_pos_order_line_rel WHERE pos_order_line_id = ANY(%(lines)s);
           INSERT INTO account_tax_pos_order_line_rel (pos_order_line_id, account_tax_id)
           SELECT * FROM unnest(%(taxed)s::int[], %(taxes)s::int[])"""


class DirectRows:
    """What ``create`` and ``write`` would do, for one transaction of one employee at one location.

    Values are those of the ORM's write format, but for ``tax_ids`` of a line, which are plain ids.
    Only for environments where ``row_lane.surprises`` finds nothing.
    """

    def __init__(self, env, identity, facts):
        env.flush_all()  # nothing that is still to be written may come after, or be forgotten
        self._env = env(user=identity.user_id, su=True)
        self._statements = RowStatements.of(env)
        self._digits = facts.digits
        moment = env.cr.now()
        self._written = {"write_uid": identity.user_id, "write_date": moment}
        self._made = {"create_uid": identity.user_id, "create_date": moment, **self._written}

    def insert_order(self, values, lines):
        """Write an order with its lines; returns its row's id."""
        order = packed([self._row("pos.order", values, self._made)])
        self._execute(self._statements.insert_order, order=order, **self._fresh(lines))
        (order_id,) = self._env.cr.fetchone()
        return order_id

    def update_order(self, order, values, changed, fresh):
        """Write changed columns and lines of an open order at the version it was read; ``False`` if it moved on."""
        places = {
            "order_id": order.row_id,
            "version": order.version,
            "order": packed(self._row("pos.order", values, self._written)),
        }
        if changed or fresh:
            self._execute(self._statements.edit_order, **places, **self._changed(changed), **self._fresh(fresh))
        else:
            self._execute(self._statements.update_order, **places)
        written = bool(self._env.cr.fetchall())
        self._retax(changed)
        return written

    def change_lines(self, changed):
        """Write changed lines, and nothing of their order."""
        if changed:
            self._execute(self._statements.update_lines, **self._changed(changed))
            self._retax(changed)

    def insert_payments(self, rows):
        """Write payments."""
        payments = [self._row("pos.payment", row, self._made) for row in rows]
        self._execute(self._statements.insert_payments, payments=packed(payments))

    # --- steps ---------------------------------------------------------------------------

    def _execute(self, statement, **places):
        statement.execute(self._env.cr, **places)
        # the ORM reads again whatever it knows of orders, lines and payments
        for field in list(self._env.transaction.field_data):
            if field.model_name in MODELS or (field.relational and field.comodel_name in MODELS):
                field._invalidate_cache(self._env)

    def _row(self, model, values, stamp):
        return self._statements.row(self._env[model], {**values, **stamp}, self._digits)

    def _fresh(self, lines):
        taxes = [(line["uuid"], tax_id) for line in lines for tax_id in line["tax_ids"]]
        return {
            "lines": packed([self._row("pos.order.line", _columns(line), self._made) for line in lines]),
            "taxed": [uuid for uuid, _ in taxes],
            "taxes": [tax_id for _, tax_id in taxes],
        }

    def _changed(self, lines):
        return {
            "changed": packed([self._row("pos.order.line", _columns(line), self._written) for line in lines]),
            "ids": [line["id"] for line in lines],
        }

    def _retax(self, changed):
        """Give changed lines their new taxes; rare, so a statement apart."""
        retaxed = [line for line in changed if "tax_ids" in line]
        if retaxed:
            pairs = [(line["id"], tax_id) for line in retaxed for tax_id in line["tax_ids"]]
            ids = [line["id"] for line in retaxed]
            taxed, taxes = ([pair[place] for pair in pairs] for place in (0, 1))
            self._env.cr.execute(RETAX, {"lines": ids, "taxed": taxed, "taxes": taxes})


def _columns(line):
    return {name: value for name, value in line.items() if name != "tax_ids"}

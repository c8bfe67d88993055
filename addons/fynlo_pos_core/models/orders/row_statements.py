# ruff: noqa: S608 - the SQL is put together from the names of columns alone
"""The statements that write an order with its lines, taxes and payments, and how values travel to them.

Rows travel as JSON: PostgreSQL turns each member into its column's type, so one prepared statement
serves any number of lines and any set of changed columns.
"""

import json

from ...rest.prepared_statement import PreparedStatement
from .row_lane import MODELS

TAXES = """INSERT INTO account_tax_pos_order_line_rel (pos_order_line_id, account_tax_id)
           SELECT made.id, tax.id
             FROM made JOIN unnest(%(taxed)s, %(taxes)s) AS tax(line, id) ON tax.line = made.uuid"""
NEXT_VERSION = """UPDATE pos_order o SET {changes}, fynlo_version = o.fynlo_version + 1
                   WHERE o.id = %(order_id)s AND o.fynlo_version = %(version)s AND o.state = 'draft'
                  RETURNING o.id"""


class RowStatements:
    """The statements for the columns that the models of this registry have, and the way of their values."""

    @classmethod
    def of(cls, env):
        """Those of the environment's registry."""
        known = env.registry.__dict__.get("_fynlo_row_statements")
        if known is None:
            known = env.registry._fynlo_row_statements = cls(env)
        return known

    def __init__(self, env):
        self._fields = {name: env[name]._fields for name in MODELS}
        order, line, payment = (_columns(env[name]) for name in MODELS)
        lines = _inserted("pos_order_line", line, "lines", order_id="placed.id", source="placed, ")
        arrays = {"taxed": "text[]", "taxes": "int[]"}
        self.insert_order = PreparedStatement(
            f"WITH placed AS ({_inserted('pos_order', order, 'order')} RETURNING id),"
            f" made AS ({lines} RETURNING id, uuid), taxed AS ({TAXES}) SELECT id FROM placed",
            **arrays,
        )
        changes = _changes("pos_order", "o", [name for name in order if name != "fynlo_version"], "%(order)s::jsonb")
        self.update_order = PreparedStatement(NEXT_VERSION.format(changes=changes))
        changed = (
            f"UPDATE pos_order_line l SET {_changes('pos_order_line', 'l', line, 'e.row')}"
            " FROM {source}jsonb_array_elements(%(changed)s::jsonb) AS e(row)"
            # the list of ids as well, or the planner, who cannot count the rows of a JSON array, reads the whole table
            " WHERE l.id = ANY(%(ids)s) AND l.id = (e.row ->> 'id')::int"
        )
        self.edit_order = PreparedStatement(
            f"WITH placed AS ({NEXT_VERSION.format(changes=changes)}),"
            f" changed AS ({changed.format(source='placed, ')}),"
            f" made AS ({lines} RETURNING id, uuid), taxed AS ({TAXES}) SELECT id FROM placed",
            **arrays,
        )
        self.update_lines = PreparedStatement(changed.format(source=""))
        self.insert_payments = PreparedStatement(_inserted("pos_payment", payment, "payments"))

    def row(self, record, values, digits):
        """``values`` of the ORM's write format as what goes into JSON. ``digits``: of the location's currency."""
        fields = self._fields[record._name]
        return {name: _sent(fields[name], value, record, digits) for name, value in values.items()}


def packed(rows):
    """Rows as the statements take them."""
    return json.dumps(rows, default=str, separators=(",", ":"), ensure_ascii=False)


def _columns(model):
    return [field.name for field in model._fields.values() if field.store and field.column_type and field.name != "id"]


def _inserted(table, columns, rows, *, source="", **given):
    """INSERT of rows in the order they come in; ``given`` are columns that hold an SQL expression."""
    sent = [name for name in columns if name not in given]
    names = ", ".join([*sent, *given])
    values = ", ".join([*(f"r.{name}" for name in sent), *given.values()])
    return (
        f"INSERT INTO {table} ({names}) SELECT {values}"
        f"  FROM {source}jsonb_array_elements(%({rows})s::jsonb) WITH ORDINALITY AS e(row, place),"
        f" jsonb_populate_record(NULL::{table}, e.row) r ORDER BY e.place"
    )


def _changes(table, alias, columns, row):
    """What SET takes: every column, with its present value where ``row`` does not speak of it."""
    names = ", ".join(columns)
    new = ", ".join(f"r.{name}" for name in columns)
    return f"({names}) = (SELECT {new} FROM jsonb_populate_record({alias}, {row}) r)"


def _sent(field, value, record, digits):
    """A value as the ORM would send it to the field's column."""
    if field.type == "monetary":
        return f"{value or 0.0:.{digits}f}"
    if field.type == "json":
        return value or None
    return field.convert_to_column_insert(value, record)

"""Looks through the whole database for what must never be stored: card numbers, keys, tokens, secrets of providers."""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.secret_masking import HINT, masked

#: Tables of Odoo's own programs, words and screens; nothing of a guest or a payment gets there.
PROGRAM = ("ir_ui_", "ir_model", "ir_act", "ir_module", "ir_asset", "ir_rule", "ir_filters", "ir_profile", "res_lang")
#: How many places are named; all are counted.
NAMED = 50
TEXTS = ("text", "character varying", "character", "json", "jsonb", "bytea")

COLUMNS = """
    SELECT attribute.attrelid::regclass::text AS table, attribute.attname AS column,
           format_type(attribute.atttypid, NULL) AS kind
      FROM pg_attribute attribute JOIN pg_class class ON class.oid = attribute.attrelid
     WHERE class.relkind IN ('r', 'p') AND class.relnamespace = 'public'::regnamespace
       AND attribute.attnum > 0 AND NOT attribute.attisdropped AND format_type(attribute.atttypid, NULL) = ANY(%s)
     ORDER BY 1, 2
"""


class FynloSecretSearch(models.AbstractModel):
    """What the log masks must not be in the database either. ``make secrets-check`` runs it."""

    _name = "fynlo.secret.search"
    _description = "Search for secrets in the database"

    @api.model
    def _look(self, values=()):
        """Every place that holds a secret, as ``{"table", "column", "rows"}``; the secret itself is not told.

        ``values`` are texts to look for beside the patterns of the log's masking: secrets that are known.
        """
        self.env.flush_all()
        self.env.cr.flush()
        self.env.cr.execute(COLUMNS, (list(TEXTS),))
        found = []
        for table, column, kind in self.env.cr.fetchall():
            if not table.strip('"').startswith(PROGRAM):
                rows = self._rows_with_secrets(table, column, kind, list(values))
                if rows:
                    found.append({"table": table, "column": column, "rows": rows})
        return found

    @api.model
    def _require_none(self):
        """What ``make secrets-check`` calls. Raises ``UserError`` naming the places, if there are any."""
        found = self._look()
        if found:
            places = ", ".join(f"{place['table']}.{place['column']} ({place['rows']})" for place in found[:NAMED])
            raise UserError(self.env._("The database holds secrets in: %s", places))
        return {"places": 0}

    def _rows_with_secrets(self, table, column, kind, values):
        """How many rows of a column hold one. The database sorts out what cannot."""
        name = SQL.identifier(column)
        text = SQL("encode(%s, 'escape')", name) if kind == "bytea" else SQL("%s::text", name)
        self.env.cr.execute(
            SQL(
                "SELECT %(text)s FROM %(table)s WHERE %(text)s ~ %(hint)s OR %(text)s LIKE ANY(%(values)s)",
                text=text,
                table=SQL(table),  # as PostgreSQL itself writes it, quoted where need be
                hint=HINT.pattern,
                values=[f"%{_literal(value)}%" for value in values],
            )
        )
        return sum(
            masked(found) != found or any(value in found for value in values) for (found,) in self.env.cr.fetchall()
        )


def _literal(value):
    """``value`` in a pattern of LIKE."""
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

"""Odoo's question at the beginning of each request, whether another process has changed something, planned once.

It asks one table for the registry and one for each of Odoo's caches, and took longer to plan than to answer.
"""

from functools import cache

from odoo.orm.registry import _CACHES_BY_KEY, Registry
from odoo.sql_db import Cursor

from .prepared_statement import PreparedStatement

_of_odoo = Registry.get_sequences


@cache
def _newest():
    names = ("registry", *_CACHES_BY_KEY)
    selects = ", ".join(f"(SELECT max(id) FROM orm_signaling_{name})" for name in names)  # noqa: S608 - Odoo's names
    return PreparedStatement(f"SELECT {selects}")


def get_sequences(self, cr):
    """What ``Registry.get_sequences`` answers: the registry's number, and each cache's by its name."""
    if not isinstance(cr, Cursor):
        return _of_odoo(self, cr)
    _newest().execute(cr)
    registry, *caches = cr.fetchone()
    return registry, dict(zip(_CACHES_BY_KEY, caches, strict=True))


Registry.get_sequences = get_sequences

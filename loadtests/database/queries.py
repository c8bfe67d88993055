"""Five kinds of work on the product's own tables: lookup, join, aggregate, transaction, and a page by an index."""

import random
from typing import Any

from loadtests.database.pool import Work

LOOKUP = "SELECT id, fynlo_number, state, amount_total, fynlo_version FROM pos_order WHERE uuid = %s"
JOIN = """
    SELECT o.fynlo_number, l.qty, l.price_unit, t.name, p.amount
      FROM pos_order o JOIN pos_order_line l ON l.order_id = o.id
      JOIN product_product v ON v.id = l.product_id JOIN product_template t ON t.id = v.product_tmpl_id
      LEFT JOIN pos_payment p ON p.pos_order_id = o.id
     WHERE o.id = %s
"""
AGGREGATE = """
    SELECT fynlo_business_date, count(*), sum(amount_total), sum(amount_tax) FROM pos_order
     WHERE fynlo_business_date BETWEEN %s::date AND %s::date + 6 AND config_id = %s GROUP BY 1 ORDER BY 1
"""
LOCK = "SELECT fynlo_version FROM pos_order WHERE id = %s FOR UPDATE"
CHANGE = """
    UPDATE pos_order SET general_customer_note = %s, fynlo_version = fynlo_version + 1
     WHERE id = %s AND fynlo_version = %s
"""
PAGE = """
    SELECT id, fynlo_number, amount_total FROM pos_order
     WHERE fynlo_business_date = %s AND config_id = %s ORDER BY id DESC LIMIT 20
"""
SOME = (
    "SELECT id, uuid, fynlo_business_date, config_id FROM pos_order WHERE fynlo_business_date IS NOT NULL LIMIT 20000"
)


class OrderTables:
    """Random orders of a database, and the five kinds of work on them. Safe between threads."""

    def __init__(self, connection: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(SOME)
            self._orders = cursor.fetchall()
        connection.rollback()

    def works(self) -> dict[str, Work]:
        return {
            "lookup": self._lookup,
            "join": self._join,
            "aggregate": self._aggregate,
            "transaction": self._change,
            "page by index": self._page,
        }

    def _lookup(self, connection: Any, dice: random.Random) -> None:
        rows = _rows(connection, LOOKUP, dice.choice(self._orders)[1])
        assert len(rows) == 1

    def _join(self, connection: Any, dice: random.Random) -> None:
        assert _rows(connection, JOIN, dice.choice(self._orders)[0])

    def _aggregate(self, connection: Any, dice: random.Random) -> None:
        _id, _uuid, day, location = dice.choice(self._orders)
        assert _rows(connection, AGGREGATE, day, day, location)

    def _page(self, connection: Any, dice: random.Random) -> None:
        _id, _uuid, day, location = dice.choice(self._orders)
        assert _rows(connection, PAGE, day, location)

    def _change(self, connection: Any, dice: random.Random) -> None:
        """Locks an order, changes it if it is what was read, and commits: what an edit does at its heart."""
        order = dice.choice(self._orders)[0]
        with connection.cursor() as cursor:
            cursor.execute(LOCK, (order,))
            (version,) = cursor.fetchone()
            cursor.execute(CHANGE, (f"note {dice.random()}", order, version))
            assert cursor.rowcount == 1
        connection.commit()


def _rows(connection: Any, query: str, *values: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())

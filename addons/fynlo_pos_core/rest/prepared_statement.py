"""Statements that PostgreSQL plans once a connection instead of once a request."""

import hashlib
import re

from psycopg2.errors import FeatureNotSupported, SerializationFailure

from . import pooled_connection  # noqa: F401 - without it every reset would drop the statements

_PLACE = re.compile(r"%\((\w+)\)s")


class PreparedStatement:
    """SQL with ``%(name)s`` places, prepared on a connection when it first runs there.

    ``types`` names the PostgreSQL type of a place where the statement itself leaves it open.
    """

    def __init__(self, sql, **types):
        places = list(dict.fromkeys(_PLACE.findall(sql)))
        body = _PLACE.sub(lambda place: f"${places.index(place[1]) + 1}", sql)
        declared = f"({', '.join(types.get(place, 'unknown') for place in places)})" if places else ""
        self._name = "fynlo_" + hashlib.sha256(f"{declared}{body}".encode()).hexdigest()[:16]
        self._prepare = f"PREPARE {self._name} {declared} AS {body}"
        arguments = f"({', '.join(f'%({place})s' for place in places)})" if places else ""
        self._execute = f"EXECUTE {self._name} {arguments}"

    def execute(self, cr, *, first=None, **values):
        """Run it on ``cr`` with a value for every place; its rows are fetched from ``cr`` as ever.

        ``first`` is a statement that runs before it in the same round trip, with the same values;
        this one sees what was committed while that one waited.

        Raises a serialization failure, which runs the request again, when a table has changed so
        much since the statement was prepared that its answer would have other columns.
        """
        _execute(cr, [self] if first is None else [first, self], lambda texts: ("; ".join(texts), values))

    def _prepare_on(self, connection):
        prepared = getattr(connection, "fynlo_prepared", None)
        if prepared and self._name in prepared:
            return
        with connection.cursor() as cursor:
            if prepared is None:
                cursor.execute("DEALLOCATE ALL")
                prepared = connection.fynlo_prepared = set()
            cursor.execute(self._prepare)
        prepared.add(self._name)


def execute_together(cr, calls):
    """Run several statements, each with its own values, in one round trip: ``calls`` are (statement, values).

    Raises like ``PreparedStatement.execute``.
    """

    def filled(texts):
        whole = b"; ".join(cr.mogrify(text, values) for text, (_, values) in zip(texts, calls, strict=True))
        return whole.decode(), None

    _execute(cr, [statement for statement, _ in calls], filled)


def _execute(cr, statements, filled):
    for statement in statements:
        statement._prepare_on(cr.connection)
    try:
        cr.execute(*filled([statement._execute for statement in statements]))
    except FeatureNotSupported as changed:
        cr.connection.fynlo_prepared = None
        raise SerializationFailure("A prepared statement is out of date.") from changed

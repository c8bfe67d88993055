"""One short database transaction a write, repeated within milliseconds after a conflict.

READ COMMITTED with the order row locked first serialises the tills of one order without a
single serialization failure, where Odoo's own retry would sleep for up to a second.
"""

import random
import time

from odoo.exceptions import ConcurrencyError
from odoo.sql_db import Cursor
from psycopg2.errors import DeadlockDetected, LockNotAvailable, SerializationFailure, UniqueViolation
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED, STATUS_READY

from .problem import Problem

MAX_TRIES = 20
CONFLICTS = (SerializationFailure, LockNotAvailable, DeadlockDetected, ConcurrencyError)
#: A unique violation means that a twin of this request won: one more pass finds its answer.
#: After that it is a genuine clash of data and goes to the caller.
UNIQUE_TRIES = 3


def run(env, work):
    """Return ``work()`` after its transaction committed. A lasting :class:`Problem` commits too.

    ``work`` may run several times and must have no effect outside the database. Whatever the
    cursor read before is forgotten, so that ``work`` sees the present. Raises ``unavailable`` when
    it lost against others every time.
    """
    cr = env.cr
    for turn in range(MAX_TRIES):
        if turn or not _is_fresh(cr):
            begin(cr)
        else:
            cr.clear()
        try:
            result, refusal = _attempt(work)
            cr.flush()
            # this module is the transaction of a request
            cr.commit()  # pylint: disable=invalid-commit
            if refusal:
                raise refusal
            return result
        except UniqueViolation:
            _forget(env)
            if turn >= UNIQUE_TRIES - 1:
                raise
        except CONFLICTS:
            _forget(env)
        time.sleep(random.uniform(0.002, 0.012) * min(turn + 1, 4))  # noqa: S311 - spreads the turns, guards nothing
    raise Problem("unavailable", "Too many changes to the same record at once.", headers={"Retry-After": "1"})


def _forget(env):
    """Undo the turn, also in the caches: what it wrote there never came to be."""
    env.cr.rollback()
    env.transaction.reset()
    env.registry.reset_changes()


def _attempt(work):
    """The result of ``work``, or the refusal whose effects are to be kept."""
    try:
        return work(), None
    except Problem as problem:
        if not problem.lasting:
            raise
        return None, problem


def begin(cr):
    """Start afresh at READ COMMITTED. A test's cursor shares one transaction and keeps its level."""
    if not isinstance(cr, Cursor) or cr.connection.status != STATUS_READY:
        cr.rollback()
    if isinstance(cr, Cursor):
        cr.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)


def _is_fresh(cr):
    """Whether nothing but the sign-in was read, at a level where every statement sees the present."""
    return isinstance(cr, Cursor) and cr.connection.isolation_level == ISOLATION_LEVEL_READ_COMMITTED

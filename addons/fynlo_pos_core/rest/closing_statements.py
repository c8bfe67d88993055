"""What a transaction writes last, in one round trip: events, and the answer under its idempotency key."""

from .prepared_statement import execute_together

_WAITING = "fynlo.closing_statements"


def add(cr, statement, **values):
    """Run ``statement`` when the cursor is flushed, after all that the ORM has to write, together with the others."""
    data = cr.precommit.data
    if _WAITING not in data:
        data[_WAITING] = []
        cr.precommit.add(lambda: _send(cr))
    data[_WAITING].append((statement, values))


def _send(cr):
    if len(cr.precommit):  # what still waits may add to them
        cr.precommit.add(lambda: _send(cr))
        return
    execute_together(cr, cr.precommit.data.pop(_WAITING))

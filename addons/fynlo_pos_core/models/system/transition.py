"""State machines are tables: state → the states it may move to."""

from ...rest import Problem


def require_transition(env, table, current, target):
    """Raise ``illegal_transition``, naming the allowed steps, unless ``table`` has this one."""
    if target not in table[current]:
        allowed = sorted(table[current])
        raise Problem(
            "illegal_transition",
            env._("It is %(current)s and cannot become %(target)s.", current=current, target=target),
            current_state=current,
            allowed=allowed,
        )

"""The demo restaurant's past, as many days of it as a load test wants.

Sent through Odoo's shell by ``loadtests/odoo_shell.py``; uses nothing but ``env``.
"""

from typing import Any


def load(env: Any, days: int) -> dict[str, Any]:
    """How many orders are there, and how long it took; the planner knows of them."""
    loaded = env["fynlo.demo.history"]._load(limit_days=days)
    env.cr.commit()
    env.cr.execute("ANALYZE")
    return dict(loaded)

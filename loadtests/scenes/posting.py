"""Posting a closed till step by step in Odoo's process, each step timed and committed, and the books it leaves.

Sent through Odoo's shell by ``loadtests/odoo_shell.py``; uses nothing but ``env``.
"""

import time
from typing import Any


def post(env: Any, session: str) -> dict[str, Any]:
    """Posts to the end; seconds of each batch, of moving the stock and of the final step."""
    row = env["pos.session"].search([("fynlo_uuid", "=", session)])
    took: dict[str, list[float]] = {"batches": [], "stock": [], "final": []}
    more = True
    while more:
        batches, moved, began = len(row.fynlo_posting_batch_ids), row.fynlo_stock_moved, time.monotonic()
        more = row._fynlo_step_safely()
        env.cr.commit()
        kind = "final" if not more else _kind(row, batches, moved)
        took[kind].append(round(time.monotonic() - began, 3))
    return {**took, "state": row.state, "error": row.fynlo_posting_error or ""}


def _kind(row: Any, batches: int, moved: bool) -> str:
    return "stock" if row.fynlo_stock_moved and not moved else "batches"

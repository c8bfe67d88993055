#!/usr/bin/env python3
"""Writes docs/states.md: a diagram of every state machine, drawn from the tables that the code enforces.

Reads the tables out of the source text, so it needs neither Odoo nor a database. With --check it
writes nothing and fails when the file is not what the tables say.
"""

import ast
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "states.md"
HEADER = """# States

What may become what. These diagrams are drawn from the tables in the code by `scripts/state_diagrams.py`; a step
that is not in them is refused with 409 `illegal_transition`, which names the allowed ones.
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """One table: its name in a file, and what a reader should know of it."""

    title: str
    file: str
    name: str
    about: str


MACHINES = (
    Machine(
        "Order",
        "addons/fynlo_pos_core/models/orders/order_states.py",
        "ORDER_STATES",
        "The first of an order's three axes. A completed order does not change: corrections are refunds.",
    ),
    Machine(
        "Payment of an order",
        "addons/fynlo_pos_core/models/orders/order_states.py",
        "PAYMENT_AXIS_STATES",
        "While the order is open, giving payments back and adding lines move it back; once it is completed, "
        "refunds move it on, and one that a provider did not carry out moves it back.",
    ),
    Machine(
        "Fulfilment of an order",
        "addons/fynlo_pos_core/engine/kitchen_states.py",
        "FULFILMENT_STATES",
        "Follows from the order's kitchen tickets and is never set by hand.",
    ),
    Machine(
        "Kitchen ticket",
        "addons/fynlo_pos_core/engine/kitchen_states.py",
        "TICKET_STATES",
        "Recalling brings a ticket back to `preparing`; it is `cancelled` when all that is on it was voided.",
    ),
    Machine(
        "Kitchen notice",
        "addons/fynlo_pos_core/engine/kitchen_states.py",
        "NOTICE_STATES",
        "A ticket that only tells of voids and changes: once seen it is done.",
    ),
    Machine(
        "Payment attempt",
        "addons/fynlo_payments/models/payment.py",
        "PAYMENT_STATES",
        "`unknown` is a state of its own: a timeout is never a failure.",
    ),
    Machine(
        "Pay link",
        "addons/fynlo_payments/models/pay_link_states.py",
        "PAY_LINK_STATES",
        "What a guest pays on the own phone. `paying` while a payment is under way; late money may come after the end.",
    ),
    Machine(
        "Notification of a payment provider",
        "addons/fynlo_payments/models/provider_notification.py",
        "NOTIFICATION_STATES",
        "`ignored` speaks of no payment of ours. A manager may have what is over handled again.",
    ),
    Machine(
        "Dispute of a payment",
        "addons/fynlo_payments/models/payment_dispute.py",
        "DISPUTE_STATES",
        "Follows the provider's word. The payment stays captured; what is held is missing at the provider meanwhile.",
    ),
    Machine(
        "Pay link",
        "addons/fynlo_payments/models/pay_link_states.py",
        "PAY_LINK_STATES",
        "What a guest pays on the own phone. `paying` while a payment is under way; late money may come after the end.",
    ),
    Machine(
        "Apple Pay certificate",
        "addons/fynlo_payments/models/apple_pay_certificate.py",
        "CERTIFICATE_STATES",
        "Several may be active at once, while one takes over from another.",
    ),
    Machine(
        "Party at a table",
        "addons/fynlo_pos_core/models/tables/seating_states.py",
        "SEATING_STATES",
        "What waiters note of a party. How its table stands (`docs/tables.md`) follows from this and from its orders.",
    ),
    Machine(
        "Refund",
        "addons/fynlo_payments/models/refund.py",
        "REFUND_STATES",
        "A provider may take back its word: a refund that `succeeded` can still fail days later.",
    ),
    Machine(
        "Day of a provider account or till session",
        "addons/fynlo_payments/models/reconciliation_states.py",
        "RECONCILIATION_STATES",
        "Follows from its differences: a late movement opens a day again, the last that goes resolves it.",
    ),
    Machine(
        "Difference of a reconciliation",
        "addons/fynlo_payments/models/reconciliation_states.py",
        "DIFFERENCE_STATES",
        "One that comes back, or with other figures, is open again, whatever was said of it.",
    ),
    Machine(
        "Approval",
        "addons/fynlo_pos_core/models/approvals/approval_states.py",
        "APPROVAL_STATES",
        "Good for one act of the one who asked, for ten minutes.",
    ),
    Machine(
        "Till session",
        "addons/fynlo_pos_core/models/cash/till_session.py",
        "SESSION_STATES",
        "`closing` is counted and closed for orders; the books are posted in the background.",
    ),
    Machine(
        "Alert",
        "addons/fynlo_pos_core/models/health/alert_states.py",
        "ALERT_STATES",
        "`pending` is seen but has not held yet, and is forgotten when it does not. An acknowledged alert that gets "
        "worse is `open` again. It clears by itself, never by hand.",
    ),
)


def table(machine: Machine) -> Mapping[str, Iterable[str]]:
    """The table as it stands in the source."""
    for node in ast.parse((ROOT / machine.file).read_text()).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [machine.name]:
            return {_text(key): _steps(value) for key, value in _items(node.value)}
    raise LookupError(f"{machine.file} has no table {machine.name}")


def _items(node: ast.expr) -> Iterable[tuple[ast.expr | None, ast.expr]]:
    if not isinstance(node, ast.Dict):
        raise TypeError(f"line {node.lineno}: a state table is a dict literal")
    return zip(node.keys, node.values, strict=True)


def _text(node: ast.expr | None) -> str:
    return str(ast.literal_eval(node)) if node else ""


def _steps(node: ast.expr) -> list[str]:
    """The states in ``frozenset({…})``, in order of the alphabet."""
    if isinstance(node, ast.Call):
        return sorted(ast.literal_eval(node.args[0])) if node.args else []
    return sorted(ast.literal_eval(node))


def diagram(steps: Mapping[str, Iterable[str]]) -> str:
    """The table as a mermaid state diagram; it begins at the table's first state."""
    lines = ["stateDiagram-v2", f"    [*] --> {next(iter(steps))}"]
    for state, targets in steps.items():
        targets = list(targets)
        lines += [f"    {state} --> {target}" for target in targets] or [f"    {state} --> [*]"]
    return "\n".join(lines)


def document() -> str:
    """The whole page."""
    parts = [HEADER]
    for machine in MACHINES:
        parts.append(f"## {machine.title}\n\n{machine.about}\n\n```mermaid\n{diagram(table(machine))}\n```\n")
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    text = document()
    if "--check" in arguments:
        return int(TARGET.read_text() != text)
    TARGET.write_text(text)
    print(TARGET.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The states of an approval and the steps between them, and what may be approved, as data."""

APPROVAL_STATES = {
    "pending": frozenset({"approved", "rejected", "expired"}),
    "approved": frozenset({"used", "expired"}),
    "rejected": frozenset(),
    "expired": frozenset(),
    "used": frozenset(),
}

#: What can be approved. The code is also the permission to do it alone.
ACTIONS = [
    ("order.void", "Void what the kitchen has"),
    ("order.comp", "Give a line away"),
    ("order.cancel", "Cancel an order that the kitchen has"),
    ("order.reopen", "Reopen a cancelled order"),
    ("discount.override", "Discount above the limit"),
    ("refund.create", "Refund"),
    ("refund.other_tender", "Refund by another tender than was paid with"),
    ("drawer.open", "Open the drawer without a sale"),
]

#: Deciding takes ``approval.decide`` and the action's own permission, or the one named here instead of it.
DECIDERS = {"refund.create": "refund.approve", "refund.other_tender": "refund.approve"}

"""The states of an order and the steps between them, as data."""

ORDER_STATES = {
    "open": frozenset({"completed", "cancelled"}),
    "completed": frozenset(),
    "cancelled": frozenset(),
}

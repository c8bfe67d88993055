"""The states of a party at its table and the steps between them, as data."""

SEATING_STATES = {
    "seated": frozenset({"bill", "left"}),
    "bill": frozenset({"seated", "left"}),
    "left": frozenset(),
}

"""The states of an alert and the steps between them, as data."""

ALERT_STATES = {
    "pending": frozenset({"open"}),
    "open": frozenset({"acknowledged", "cleared"}),
    "acknowledged": frozenset({"open", "cleared"}),
    "cleared": frozenset(),
}

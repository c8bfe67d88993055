"""What days of accounts and their differences may become."""

#: state → states it may move to. A late movement opens a day again.
RECONCILIATION_STATES = {
    "open": frozenset({"matched", "differences"}),
    "matched": frozenset({"differences"}),
    "differences": frozenset({"resolved"}),
    "resolved": frozenset({"differences"}),
}
#: A difference that comes back, or with other figures, is open again whatever was said of it.
DIFFERENCE_STATES = {
    "open": frozenset({"explained", "resolved"}),
    "explained": frozenset({"open", "resolved"}),
    "resolved": frozenset({"open"}),
}

"""The states of a pay link."""

#: state → states it may move to. ``paying``: a payment is under way. Money may come late to a link that is over.
PAY_LINK_STATES = {
    "created": frozenset({"shown", "opened", "paying", "expired", "cancelled"}),
    "shown": frozenset({"opened", "paying", "expired", "cancelled"}),
    "opened": frozenset({"paying", "paid", "expired", "cancelled"}),
    "paying": frozenset({"opened", "paid", "expired", "cancelled"}),
    "paid": frozenset(),
    "expired": frozenset({"paid"}),
    "cancelled": frozenset({"paid"}),
}
#: Nothing is under way, and the guest may begin.
WAITING = frozenset({"created", "shown", "opened"})
#: The link still serves a guest.
LIVE = WAITING | {"paying"}
#: Why a link expired.
TIME_OVER = "time_over"

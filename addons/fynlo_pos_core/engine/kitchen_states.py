"""The states of kitchen tickets and of an order's fulfilment, and the steps between them, as data."""

#: A ticket with something to cook. It is cancelled when everything on it was voided.
TICKET_STATES = {
    "new": frozenset({"preparing", "cancelled"}),
    "preparing": frozenset({"ready", "cancelled"}),
    "ready": frozenset({"served", "preparing", "cancelled"}),
    "served": frozenset({"preparing"}),
    "cancelled": frozenset(),
}

#: A ticket that only tells of changes and voids: once seen it is done.
NOTICE_STATES = {
    "new": frozenset({"served"}),
    "served": frozenset(),
}

STATES_BY_KIND = {"order": TICKET_STATES, "notice": NOTICE_STATES}

#: An order's fulfilment follows from its tickets; sending more, recalling and voiding move it back.
FULFILMENT_STATES = {
    "new": frozenset({"sent"}),
    "sent": frozenset({"preparing", "new"}),
    "preparing": frozenset({"ready", "served", "sent", "new"}),
    "ready": frozenset({"served", "preparing", "new"}),
    "served": frozenset({"preparing"}),
}


def fulfilment_of(ticket_states):
    """The fulfilment of an order whose tickets (notices left out) are in ``ticket_states``."""
    states = set(ticket_states) - {"cancelled"}
    if not states:
        return "new"
    if states == {"new"}:
        return "sent"
    if states == {"served"}:
        return "served"
    return "ready" if states <= {"ready", "served"} else "preparing"


#: What the kitchen may ask of a ticket: the states it can be asked in, the one it leads to, and the time it sets.
VERBS = {
    "start": (frozenset({"new"}), "preparing", "started_at"),
    "ready": (frozenset({"preparing"}), "ready", "ready_at"),
    "served": (frozenset({"new", "ready"}), "served", "served_at"),
    "recall": (frozenset({"ready", "served"}), "preparing", None),
}


def steps_for(kind, verb):
    """The state table of a ticket of ``kind`` as far as ``verb`` may use it."""
    sources, target, _moment = VERBS[verb]
    table = STATES_BY_KIND[kind]
    return {state: steps if state in sources else steps - {target} for state, steps in table.items()}

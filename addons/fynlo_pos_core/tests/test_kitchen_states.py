"""The kitchen's state tables: an order's fulfilment takes only steps of its table, whatever its tickets do."""

from hypothesis import given
from hypothesis import strategies as st
from odoo.tests import TransactionCase, tagged

from ..engine.kitchen_states import (
    FULFILMENT_STATES,
    STATES_BY_KIND,
    TICKET_STATES,
    VERBS,
    fulfilment_of,
    steps_for,
)

SEND = "send"


@tagged("post_install", "-at_install")
class TestKitchenStates(TransactionCase):
    @given(acts=st.lists(st.tuples(st.sampled_from([SEND, "cancelled", *VERBS]), st.integers(0, 3)), max_size=40))
    def test_fulfilment_follows_its_table(self, acts):
        tickets, before = [], fulfilment_of([])
        for act, position in acts:
            _play(tickets, act, position)
            now = fulfilment_of(tickets)
            self.assertTrue(now == before or now in FULFILMENT_STATES[before], (before, now, tickets))
            before = now

    def test_every_verb_uses_steps_that_the_tables_have(self):
        for kind, table in STATES_BY_KIND.items():
            for verb, (sources, target, _moment) in VERBS.items():
                allowed = {state for state, steps in steps_for(kind, verb).items() if target in steps}
                self.assertEqual(allowed, {state for state in sources & table.keys() if target in table[state]})

    def test_a_ticket_is_worked_in_this_order_alone(self):
        possible = {
            (state, verb)
            for verb, (_sources, target, _moment) in VERBS.items()
            for state, steps in steps_for("order", verb).items()
            if target in steps
        }
        self.assertEqual(
            possible,
            {("new", "start"), ("preparing", "ready"), ("ready", "served"), ("ready", "recall"), ("served", "recall")},
        )


def _play(tickets, act, position):
    """Do ``act`` to one of the tickets' states if it may be done."""
    if act == SEND:
        tickets.append("new")
    elif position < len(tickets):
        target = VERBS[act][1] if act in VERBS else act
        table = steps_for("order", act) if act in VERBS else TICKET_STATES
        if target in table[tickets[position]]:
            tickets[position] = target

"""Several tills spend one card at the same time, each in a transaction of its own that commits."""

import threading
from concurrent.futures import ThreadPoolExecutor

from odoo import SUPERUSER_ID, api
from odoo.addons.fynlo_pos_core.rest import Problem, transaction
from odoo.addons.fynlo_pos_core.tests.common import use_test_settings
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged

from ..models.stored_value import code_hash

ROUNDS = 40
TILLS = 4
HELD = 1000
SPENT = 300
WIPE = """
    ALTER TABLE fynlo_stored_value_entry DISABLE TRIGGER USER;
    DELETE FROM fynlo_stored_value_entry WHERE card_id = ANY(%(cards)s);
    ALTER TABLE fynlo_stored_value_entry ENABLE TRIGGER USER;
    DELETE FROM fynlo_stored_value WHERE id = ANY(%(cards)s);
"""


@tagged("post_install", "-at_install")
class TestGiftCardRaces(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        use_test_settings(cls)
        cls.registry = Registry(get_db_name())
        cls.cards = []
        cls.addClassCleanup(cls.wipe)

    @classmethod
    def wipe(cls):
        with cls.registry.cursor() as cr:
            cr.execute(WIPE, {"cards": cls.cards})

    def committed(self, work):
        """What ``work(env)`` returns, in a transaction as requests have it."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            return transaction.run(env, lambda: work(env))

    def new_card(self):
        def make(env):
            company, text = env.company, uuid7().replace("-", "").upper()
            card = env["fynlo.stored.value"].create(
                {
                    "kind": "gift_card",
                    "company_id": company.id,
                    "currency_id": company.currency_id.id,
                    "code_hash": code_hash(company.id, text),
                    "last4": text[-4:],
                }
            )
            card._move("issue", HELD)
            return card.id

        card_id = self.committed(make)
        self.cards.append(card_id)
        return card_id

    def spend(self, card_id, start):
        """Whether this till got its money."""
        start.wait(60)
        try:
            self.committed(lambda env: env["fynlo.stored.value"].browse(card_id)._move("redeem", -SPENT).id)
        except Problem as problem:
            self.assertEqual(problem.code, "gift_card_balance")
            return False
        return True

    def test_a_card_is_never_overspent(self):
        with ThreadPoolExecutor(TILLS) as tills:
            for turn in range(ROUNDS):
                with self.subTest(turn):
                    card_id, start = self.new_card(), threading.Barrier(TILLS)
                    taken = list(tills.map(self.spend, [card_id] * TILLS, [start] * TILLS))
                    self.assertEqual(sum(taken), HELD // SPENT)
                    self.assertEqual(self.state(card_id), (HELD % SPENT, HELD % SPENT))

    def state(self, card_id):
        """The balance, and what the ledger adds up to."""
        with self.registry.cursor() as cr:
            cr.execute(
                """SELECT balance, (SELECT sum(amount) FROM fynlo_stored_value_entry WHERE card_id = card.id)
                     FROM fynlo_stored_value card WHERE id = %s""",
                (card_id,),
            )
            return cr.fetchone()

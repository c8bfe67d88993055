"""Which tender tills are told to take first: by what really happened, what is set up, and what it costs."""

from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from ..models.fee_ranking import ENOUGH
from ..providers.connection import ProviderUnavailable
from .bank import OutsideCase


@tagged("post_install", "-at_install")
class TestRouting(OutsideCase):
    def compared(self, minor=1000):
        """Code → what is told of cash and the bank, in the order in which it is told."""
        told = self.done("POST", "/payments/fees:compare", {"bill": self.money(minor)}, token=self.cashier, key=False)
        return {one["method"]: one for one in told["methods"] if one["method"] in ("cash", "open_banking")}

    def attempts(self, states, *, age="1 day"):
        """Attempts with the bank that ended so, at some time."""
        order = self.env["pos.order"].search([("uuid", "=", self.place()["id"])])
        shared = {"order": order.id, "company": self.company.id, "config": self.location.id,
                  "currency": self.location.currency_id.id, "age": age}  # fmt: skip
        for state in states:
            self.env.cr.execute(
                """INSERT INTO fynlo_payment (fynlo_uuid, order_id, company_id, config_id, currency_id, method, state,
                                              amount, amount_shown, tip, fee, surcharge, tendered, change, refunded,
                                              version, create_date, write_date)
                   VALUES (%(uuid)s, %(order)s, %(company)s, %(config)s, %(currency)s, 'open_banking', %(state)s,
                           100, 1, 0, 0, 0, 0, 0, 0, 1, now() AT TIME ZONE 'UTC' - %(age)s::interval,
                           now() AT TIME ZONE 'UTC')""",
                {**shared, "uuid": uuid7(), "state": state},
            )

    def test_the_cheapest_first(self):
        told = self.compared()
        self.assertEqual(list(told), ["cash", "open_banking"])
        self.assertEqual([one["available"] for one in told.values()], [True, True])

    def test_the_success_rate_is_of_real_attempts(self):
        self.leaves_ledger_broken = True
        self.attempts(["captured"] * 14 + ["failed", "expired", "unknown", "refund_due"])
        self.assertIsNone(self.compared()["open_banking"]["success_bp"], "too few to tell")
        self.attempts(["cancelled"] * 30)
        self.assertIsNone(self.compared()["open_banking"]["success_bp"], "guests who changed their mind tell nothing")
        self.attempts(["failed"] * (ENOUGH - 18))
        self.assertEqual(self.compared()["open_banking"]["success_bp"], 15 * 10_000 // ENOUGH)

    def test_old_attempts_are_forgotten(self):
        self.attempts(["failed"] * ENOUGH, age="31 days")
        self.assertIsNone(self.compared()["open_banking"]["success_bp"])

    def test_one_that_often_fails_goes_behind_a_dearer_one(self):
        self.leaves_ledger_broken = True
        self.env["fynlo.fee.schedule"].create(
            {"method": "cash", "company_id": self.company.id, "provider_ppm": 90_000}
        )  # fmt: skip
        self.assertEqual(list(self.compared()), ["open_banking", "cash"])
        self.attempts(["captured"] * 10 + ["failed"] * 10)
        told = self.compared()
        self.assertEqual((list(told), told["open_banking"]["success_bp"]), (["cash", "open_banking"], 5000))
        self.assertTrue(told["open_banking"]["available"])

    def test_a_provider_that_does_not_answer_is_left_alone(self):
        for _try in range(3):
            self.assertTrue(self.compared()["open_banking"]["available"])
            self.bank.answers = [ProviderUnavailable("provider_unavailable")]
            self.bank.executed = False
            self.assertProblem(self.pay(self.place(), 1200), "provider_unavailable", 503)
        told = self.compared()["open_banking"]
        self.assertEqual((told["available"], told["reason"]), (False, "provider_unresponsive"))
        self.assertEqual(self.pay(self.place(), 1200).status_code, 201, "it may be tried all the same")
        self.assertTrue(self.compared()["open_banking"]["available"], "and is back once it answers")

    def test_not_for_ever(self):
        self.attempts(["unknown"] * 3, age="3 minutes")
        self.assertTrue(self.compared()["open_banking"]["available"])
        self.attempts(["unknown"] * 3, age="1 minute")
        self.assertFalse(self.compared()["open_banking"]["available"])

    def test_a_tender_that_is_not_set_up(self):
        provider = type(self.env["fynlo.provider.open_banking"])

        def away(_provider, _location):
            raise ProviderUnavailable("provider_unavailable")

        with patch.object(provider, "_connection", away):
            told = self.compared()["open_banking"]
        self.assertEqual((told["available"], told["reason"]), (False, "provider_unavailable"))
        self.assertEqual(told["saving"]["amount"], 0)

    def test_a_closed_till_takes_nothing(self):
        self.env["pos.session"].search([("config_id", "=", self.location.id)]).state = "closed"
        self.env.flush_all()
        reasons = {one["reason"] for one in self.compared().values()}
        self.assertEqual(reasons, {"no_open_session"})

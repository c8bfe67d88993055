"""Till sessions: opening with a float, counting, and the books that closing posts."""

from odoo.tests import TransactionCase, tagged

from ..controllers.till_sessions import OpenSessionShape
from ..rest import Problem
from ..rest.call import Call
from ..rest.payload import parse
from ..rest.representation import to_json
from ..tools.identifiers import uuid7
from .shop import Shop


@tagged("post_install", "-at_install")
class TestTillSessions(Shop, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def call(self, if_match=None):
        return Call(route=None, request_id="test-request", if_match=if_match)

    def session(self, document):
        return self.env["pos.session"].search([("fynlo_uuid", "=", document["id"])])

    def problem(self, work):
        with self.assertRaises(Problem) as caught:
            work()
        return caught.exception

    def test_opening_keeps_the_float_and_announces(self):
        document = self.open_till(150)
        session = self.session(document)
        self.assertEqual((document["state"], document["float"]), ("open", self.gbp(15000)))
        self.assertEqual((session.state, session.cash_register_balance_start), ("opened", 150.0))
        self.assertTrue(session.update_stock_at_closing)
        self.assertEqual(self.events("till", "till_session.updated")[-1], document)
        self.assertEqual(self.env["fynlo.till.session.service"]._current(self.identity()), document)

    def test_a_location_has_one_open_session(self):
        first = self.open_till()
        problem = self.problem(self.open_till)
        self.assertEqual((problem.code, problem.members["current"]["id"]), ("session_already_open", first["id"]))

    def test_open_orders_keep_the_till_open(self):
        till = self.open_till()
        order = self.place(self.line(self.menu.pizza))
        problem = self.problem(lambda: self.close_till(till["id"], 10000, self.call()))
        self.assertEqual(problem.code, "open_orders")
        self.assertEqual(problem.members["orders"], [{"id": order["id"], "number": order["number"]}])
        self.assertEqual(self.session(till).state, "opened")

    def test_closing_counts_and_posts_in_the_background(self):
        till = self.open_till(100)
        closing = self.close_till(till["id"], 9950, self.call(if_match=1))
        self.assertEqual((closing["state"], closing["posting"]), ("closing", "waiting"))
        self.assertEqual(closing["expected_cash"], self.gbp(10000))
        self.assertEqual(closing["over_short"], self.gbp(-50))
        session = self.session(till)
        session._fynlo_post_safely()
        self.assertEqual(
            (session.state, session._api_values()["posting"]), ("closed", "done"), session.fynlo_posting_error
        )

    def test_closing_twice_is_refused(self):
        till = self.open_till()
        self.close_till(till["id"], 10000, self.call())
        problem = self.problem(lambda: self.close_till(till["id"], 10000, self.call()))
        self.assertEqual((problem.code, problem.members["allowed"]), ("illegal_transition", ["closed"]))

    def test_closing_an_older_version_is_refused(self):
        till = self.open_till()
        problem = self.problem(lambda: self.close_till(till["id"], 10000, self.call(if_match=7)))
        self.assertEqual((problem.code, problem.members["current"]["version"]), ("version_conflict", 1))

    def test_what_is_counted_must_add_up(self):
        piles = [{"value": 2000, "count": 2}, {"value": 100, "count": 5}]
        body = {"id": uuid7(), "float": self.gbp(4500), "denominations": piles}
        service, identity = self.env["fynlo.till.session.service"], self.identity(self.cashier)
        short = parse(OpenSessionShape, to_json({**body, "float": self.gbp(4499)}))
        self.assertEqual(self.problem(lambda: service._open(identity, short)).errors[0]["field"], "denominations")
        opened = service._open(identity, parse(OpenSessionShape, to_json(body)))
        self.assertEqual(self.session(opened).fynlo_float_count, piles)

    def test_a_session_that_cannot_be_posted_says_why(self):
        till = self.open_till(100)
        self.close_till(till["id"], 9000, self.call(), note="Robbed")
        session = self.session(till)
        session.config_id.payment_method_ids.filtered("is_cash_count").journal_id.loss_account_id = False
        self.env.flush_all()
        self.patch(self.env.cr, "rollback", lambda: None)  # a test's transaction cannot be undone
        session._fynlo_post_safely()
        self.assertTrue(session.fynlo_posting_error)
        self.assertEqual(session._api_values()["posting"], "failed")

"""Counting a drawer blind, closing with the count, and the Z number that closing gives."""

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from ..controllers.till_sessions import CashMovementShape, CloseSessionShape, CountShape
from ..rest import Problem
from ..rest.call import Call
from ..rest.payload import parse
from ..rest.representation import to_json
from ..tools.identifiers import uuid7
from .shop import Shop


@tagged("post_install", "-at_install")
class TestTillCounts(Shop, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.till = self.open_till(100)
        self.service = self.env["fynlo.till.session.service"]

    def count(self, minor, **values):
        wish = parse(CountShape, to_json({"id": uuid7(), "counted": self.gbp(minor), **values}))
        return self.service._count(self.identity(self.cashier), self.till["id"], wish)

    def close(self, minor=None, **values):
        counted = {} if minor is None else {"counted": self.gbp(minor)}
        wish = parse(CloseSessionShape, to_json({**counted, **values}))
        call = Call(route=None, request_id="test-request")
        return self.service._close(self.identity(self.cashier), self.till["id"], wish, call)

    def pay_in(self, minor):
        body = {"id": uuid7(), "kind": "paid_in", "amount": self.gbp(minor), "reason": "Coins"}
        wish = parse(CashMovementShape, to_json(body))
        self.service._move_cash(self.identity(self.cashier), self.till["id"], wish)

    def refusal(self, work):
        with self.assertRaises(Problem) as caught:
            work()
        return caught.exception

    def session(self):
        return self.env["pos.session"].search([("fynlo_uuid", "=", self.till["id"])])

    def test_a_count_within_the_limit_stands_and_tells_nothing(self):
        told = self.count(9500)
        self.assertEqual(set(told), {"id", "till_session_id", "number", "counted", "recount"})
        self.assertFalse(told["recount"])
        self.assertEqual(self.refusal(lambda: self.count(10000)).code, "count_locked")
        self.assertEqual(self.close()["over_short"], self.gbp(-500))

    def test_a_count_too_far_off_is_asked_for_once_more(self):
        self.assertTrue(self.count(9499)["recount"])
        second = self.count(9000)
        self.assertEqual((second["number"], second["recount"]), (2, False))
        self.assertEqual(self.refusal(lambda: self.count(10000)).code, "count_locked")
        self.assertEqual(self.refusal(self.close).code, "note_required")
        self.assertEqual(self.refusal(lambda: self.close(10000)).code, "count_locked")
        self.assertEqual(self.close(9000, note="A note was missing")["over_short"], self.gbp(-1000))
        self.assertEqual(self.session().fynlo_count_ids.mapped("counted"), [9000, 9499])

    def test_cash_that_moves_after_a_count_asks_for_a_new_one(self):
        self.count(10000)
        self.pay_in(250)
        self.assertEqual(self.refusal(self.close).errors[0]["field"], "counted")
        self.assertEqual(self.count(10250)["number"], 1)
        self.assertEqual(self.close()["over_short"], self.gbp(0))

    def test_the_limit_is_the_location_s(self):
        self.location.fynlo_over_short_limit = 0
        self.assertEqual(self.refusal(lambda: self.close(9999)).code, "note_required")
        self.assertEqual(self.close(9999, note=" Penny lost ")["over_short"], self.gbp(-1))

    def test_z_numbers_have_no_gaps(self):
        for number in (1, 2, 3):
            closed = self.close(10000)
            self.assertEqual(closed["z_number"], number)
            self.session()._fynlo_post_safely()
            self.till = self.open_till(100)
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.close(10000)
            self.env.flush_all()
            raise ZeroDivisionError  # the request fails after the number was taken
        self.env.invalidate_all()
        self.assertEqual(self.close(10000)["z_number"], 4)

    def test_a_z_report_is_for_good(self):
        self.close(10000)
        session = self.session()
        for values in ({"fynlo_z_report": {}}, {"fynlo_z_number": 9}):
            with self.assertRaises(AccessError):
                session.sudo().write(values)

"""A till's day for tests: sell, pay, close, post, and look at the books."""

from odoo.addons.fynlo_pos_core.controllers.till_sessions import CloseSessionShape
from odoo.addons.fynlo_pos_core.rest.call import Call
from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tests.shop import Shop
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import TransactionCase

from ..controllers.payments import PaymentShape


class TradingDay(Shop, TransactionCase):
    """``self.till`` is open with a hundred pounds when a test begins."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.till = self.open_till(100)

    def pay(self, document, minor, *, method="cash", tendered=None, **values):
        body = {"id": uuid7(), "method": method, "amount": self.gbp(minor), **values}
        if tendered:
            body["tendered"] = self.gbp(tendered)
        wish = parse(PaymentShape, to_json(body))
        taken = self.env["fynlo.payment.service"]._take(self.identity(self.cashier), document["id"], wish)
        self.env.cr.flush()
        return taken

    def close(self, minor, *, employee=None, **values):
        """Close the till with what was counted."""
        wish = parse(CloseSessionShape, to_json({"counted": self.gbp(minor), **values}))
        call = Call(route=None, request_id="test-request")
        closed = self.env["fynlo.till.session.service"]._close(
            self.identity(employee or self.cashier), self.till["id"], wish, call
        )
        self.env.cr.flush()
        return closed

    def session(self):
        return self.env["pos.session"].search([("fynlo_uuid", "=", self.till["id"])])

    def post(self):
        """Post the closed till; returns its session."""
        session = self.session()
        session._fynlo_post_safely()
        self.assertEqual(session.state, "closed", session.fynlo_posting_error)
        return session

"""A provider tells of a refund: what became of it is asked, and the books follow."""

from datetime import UTC, datetime
from uuid import uuid4

from odoo import api
from odoo.tests import tagged

from ..providers.connection import Event
from .refund_bank import RefundCase


@tagged("post_install", "-at_install")
class TestRefundNotifications(RefundCase):
    def tell(self, refund, kind):
        """The notification, once it was handled."""
        payment = self.row_of(refund).payment_id
        event = Event(uuid4().hex, kind, payment.provider_reference, payment.fynlo_uuid, created_at=datetime.now(UTC))
        inbox = self.env["fynlo.payment.notification"]
        inbox._receive("open_banking", [event])
        self.env.flush_all()
        self.env.cr.flush()
        with self.registry.cursor() as cr:
            api.Environment(cr, self.env.ref("base.user_root").id, {})["fynlo.payment.notification"]._cron_handle()
        self.env.invalidate_all()
        return inbox.search([("event_id", "=", event.id)])

    def test_a_refund_that_the_provider_decides_later(self):
        order = self.sold()
        self.bank.says = ["sent"]
        refund = self.refund(order, status=202, amount=self.money(500))["refunds"][0]
        self.bank.decides("succeeded")
        self.assertEqual(self.tell(refund, "refund_executed").state, "done")
        self.assertEqual(self.row_of(refund).state, "succeeded")
        self.assertAddsUp(order)

    def test_a_refund_that_fails_after_all(self):
        order = self.sold()
        refund = self.refund(order, amount=self.money(500))["refunds"][0]
        self.bank.decides("failed")
        for _turn in range(2):
            self.assertEqual(self.tell(refund, "refund.failed").state, "done")
        self.assertEqual((self.row_of(refund).state, self.row_of(refund).owed), ("failed", 500))
        self.assertAddsUp(order)

    def test_a_provider_that_does_not_answer_is_asked_again(self):
        order = self.sold()
        self.bank.says = ["unknown"]
        refund = self.refund(order, status=202, amount=self.money(500))["refunds"][0]
        notification = self.tell(refund, "charge.refund.updated")
        self.assertEqual((notification.state, notification.failure_code), ("received", "no_answer"))

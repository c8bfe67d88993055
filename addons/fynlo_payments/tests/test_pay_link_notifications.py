"""What the bank tells of a guest's payment reaches the link, however often and in whatever order it is told."""

from odoo.tests import tagged

from .pay_links import PayLinkCase

HOOK = "/api/v1/open-banking/webhook/truelayer"


@tagged("post_install", "-at_install")
class TestPayLinkNotifications(PayLinkCase):
    def setUp(self):
        super().setUp()
        self.order = self.place(self.line(self.menu.pizza))
        self.link = self.make(self.order, 1000, complete=True)

    def deliver(self):
        """The bank tells what has happened; the scheduled action handles it."""
        events, self.bank.events = self.bank.events, []
        for event in events:
            headers, body = self.server.signed(HOOK, event)
            answer = self.url_open(HOOK, data=body, headers=headers, method="POST", timeout=30)
            self.assertEqual(answer.status_code, 200, answer.text)
        self.env.cr.flush()
        with self.registry.cursor() as cr:
            self.env(cr=cr)["fynlo.payment.notification"]._cron_handle()
        self.env.invalidate_all()
        return len(events)

    def test_told_again_and_again(self):
        self.tap_bank(self.link)
        self.bank.behaviour = "duplicate"
        self.decide("approve")
        with self.told() as heard:
            self.assertEqual(self.deliver(), 6)
        self.assertEqual([event["state"] for event in heard], ["paid"])
        self.assertEqual(self.status(self.link), "paid")
        self.assertPaid(self.order, 1000)

    def test_told_in_another_order(self):
        self.tap_bank(self.link)
        self.bank.behaviour = "out_of_order"
        self.decide("approve")
        self.deliver()
        self.assertEqual(self.status(self.link), "paid")
        self.assertPaid(self.order, 1000)

    def test_told_that_nothing_came_of_it(self):
        self.tap_bank(self.link)
        self.decide("decline")
        self.deliver()
        self.assertEqual(self.status(self.link), "open")
        self.assertPaid(self.order, 0)

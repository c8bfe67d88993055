"""The list of a location's payments over HTTP: pages, filters, and whose payments are in it."""

from odoo.addons.fynlo_pos_core.tests.common import ApiCase
from odoo.addons.fynlo_pos_core.tests.shop import Shop
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged


@tagged("post_install", "-at_install")
class TestPaymentList(Shop, ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.till = cls.device
        del cls.device  # here it is the method of ApiCase
        cls._devices[cls.location.id] = (cls.till, cls.device_key)

    def setUp(self):
        super().setUp()
        self.open_till()
        self.token = self.session("manager")["access_token"]

    def identity(self, employee=None, device=None):
        return super().identity(employee, device or self.till)

    def taken(self):
        """A new order and what two payments of it came to."""
        order = self.api("POST", "/orders", self.order_body(self.line(self.menu.pizza)), token=self.token).json()
        return order, [self.pay(order, part) for part in (400, 600)]

    def pay(self, order, minor):
        body = {"id": uuid7(), "method": "cash", "amount": self.gbp(minor)}
        answer = self.api("POST", f"/orders/{order['id']}/payments", body, token=self.token)
        self.assertEqual(answer.status_code, 201, answer.text[:500])
        payment = answer.json()
        del payment["order"]
        return payment

    def listed(self, query=""):
        answer = self.api("GET", f"/payments?{query}", token=self.token)
        self.assertEqual(answer.status_code, 200, answer.text[:500])
        return answer.json()

    def test_the_newest_first_page_by_page(self):
        _, early = self.taken()
        _, late = self.taken()
        wanted, found, cursor = [*early, *late][::-1], [], ""
        for _ in range(4):
            page = self.listed(f"limit=1{cursor}")
            found += page["items"]
            cursor = f"&cursor={page['next_cursor']}"
        self.assertEqual(found, wanted)

    def test_the_last_page_has_no_next(self):
        order, payments = self.taken()
        page = self.listed(f"order_id={order['id']}&limit=2")
        self.assertEqual((page["items"], page["next_cursor"]), (payments[::-1], None))

    def test_filters(self):
        order, payments = self.taken()
        self.taken()
        own = f"order_id={order['id']}"
        for query, count in (
            (own, 2),
            (f"{own}&state=captured&method=cash", 2),
            (f"{own}&state=unknown", 0),
            (f"{own}&method=voucher", 0),
            (f"order_id={uuid7()}", 0),
        ):
            with self.subTest(query):
                self.assertEqual(self.listed(query)["items"], payments[::-1][:count])

    def test_what_is_no_filter_is_refused(self):
        for query in ("state=paid", "order_id=1", "limit=0", "cursor=nonsense", "method=CASH%27"):
            with self.subTest(query):
                answer = self.api("GET", f"/payments?{query}", token=self.token)
                self.assertEqual((answer.status_code, answer.json()["code"]), (422, "validation_failed"))

    def test_another_location_sees_none_of_them(self):
        order, payments = self.taken()
        self.env.cr.execute(
            "UPDATE fynlo_payment SET config_id = %s WHERE fynlo_uuid = %s",
            (self.location.copy({"name": "Elsewhere", "payment_method_ids": False}).id, payments[0]["id"]),
        )
        self.env.invalidate_all()
        self.assertEqual(self.listed(f"order_id={order['id']}")["items"], [payments[1]])

    def test_it_needs_the_permission(self):
        answer = self.api("GET", "/payments", token=self.session("kitchen")["access_token"])
        self.assertEqual((answer.status_code, answer.json()["code"]), (403, "permission_denied"))

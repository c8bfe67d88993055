"""Signing in by PIN and by password, over real HTTP."""

from odoo.tests import tagged

from ..tools import access_token
from .common import ApiCase


@tagged("post_install", "-at_install")
class TestPinSignIn(ApiCase):
    def pin(self, employee, pin, key=None, **more):
        key = key or self.device()[1]
        return self.api("POST", "/auth/pin", {"employee_id": employee.fynlo_uuid, "pin": pin, **more}, device_key=key)

    def test_right_pin_opens_a_session(self):
        device, _key = self.device()
        employee = self.employee("cashier", pin="2580")
        response = self.pin(employee, "2580", app_version="1.1.0")
        self.assertEqual(response.status_code, 200, response.text)
        answer = response.json()
        self.assertEqual(answer["employee"], {"id": employee.fynlo_uuid, "name": employee.name, "role": "cashier"})
        self.assertEqual(answer["location"]["id"], self.location.fynlo_uuid)
        self.assertEqual((answer["token_type"], answer["expires_in"]), ("Bearer", 900))
        self.assertIn("till_session.open", answer["permissions"])
        self.assertNotIn("employee.manage", answer["permissions"])
        claims = access_token.read(answer["access_token"], access_token.WEBSOCKET)
        self.assertEqual(claims["device"], device.fynlo_uuid)
        self.assertIn(f"l.{self.location.fynlo_uuid}.orders", claims["topics"])
        self.assertEqual(device.app_version, "1.1.0")
        me = self.api("GET", "/auth/me", token=answer["access_token"])
        self.assertEqual(me.status_code, 200, me.text)
        self.assertEqual(me.json()["employee"]["id"], employee.fynlo_uuid)
        self.assertEqual(me.json()["permissions"], answer["permissions"])

"""Receipts over HTTP: who may read, print, send and take back, and the page that a guest opens."""

from unittest.mock import patch

from odoo.tests import tagged

from ..controllers import receipt_page
from ..controllers.receipt_shapes import ReceiptMessageView, ReceiptPrintView, ReceiptView
from ..models.receipts import receipt_link
from ..rest import Problem
from ..tools.clock import now
from ..tools.identifiers import uuid7
from ..tools.receipt_link import ReceiptLink
from .test_kitchen_api import KitchenApiCase


@tagged("post_install", "-at_install")
class TestReceiptApi(KitchenApiCase):
    def setUp(self):
        super().setUp()
        self.made = self.order()
        self.path = f"/orders/{self.made['id']}/receipt"
        self.elsewhere = self.sign_in("manager", self.other_location)

    def refused(self, method, path, body, role):
        """Nobody, somebody of a role that may not, and somebody of another location."""
        self.assertProblem(self.api(method, path, body), "token_missing", 401)
        self.assertProblem(self.api(method, path, body, token=self.sign_in(role)), "permission_denied", 403)
        self.assertProblem(self.api(method, path, body, token=self.elsewhere), "not_found", 404)

    def test_who_may_read(self):
        self.refused("GET", self.path, None, "kitchen")
        answer = self.api("GET", self.path, token=self.server)
        self.assertEqual(answer.status_code, 200, answer.text)
        ReceiptView.model_validate_json(answer.content)
        missing = self.api("GET", f"/orders/{uuid7()}/receipt", token=self.server)
        self.assertProblem(missing, "not_found", 404)

    def test_the_form_is_asked_for(self):
        cases = [
            ({}, "", "application/json"),
            ({"Accept": "text/html"}, "", "text/html"),
            ({"Accept": "application/pdf"}, "", "application/pdf"),
            ({"Accept": "text/html"}, "?format=pdf", "application/pdf"),
            ({"Accept": "application/pdf"}, "?format=json", "application/json"),
            ({"Accept": "image/png"}, "", "application/json"),
        ]
        for headers, query, media_type in cases:
            with self.subTest(query=query, **headers):
                answer = self.api("GET", self.path + query, token=self.server, headers=headers)
                self.assertEqual(answer.headers["Content-Type"].partition(";")[0], media_type)
        wrong = self.api("GET", f"{self.path}?format=docx", token=self.server)
        self.assertProblem(wrong, "validation_failed", 422)

    def test_who_may_print(self):
        path, body = f"{self.path}:print", {"id": uuid7()}
        self.refused("POST", path, body, "kitchen")
        self.assertFalse(self.env["fynlo.receipt.print"].search_count([("company_id", "=", self.company.id)]))
        key = uuid7()
        answer = self.api("POST", path, body, token=self.server, key=key)
        self.assertEqual(answer.status_code, 201, answer.text)
        ReceiptPrintView.model_validate_json(answer.content)
        again = self.api("POST", path, body, token=self.server, key=key)
        self.assertEqual((again.json(), again.headers["Idempotent-Replayed"]), (answer.json(), "true"))
        another_key = self.api("POST", path, body, token=self.server)
        self.assertEqual(another_key.json()["copy"], 0)
        self.assertEqual(self.env["fynlo.receipt.print"].search_count([("company_id", "=", self.company.id)]), 1)

    def test_who_may_send(self):
        path, body = f"{self.path}:send", {"id": uuid7(), "email": "Sam@guests.example"}
        self.refused("POST", path, body, "kitchen")
        self.assertFalse(self.env["fynlo.receipt.message"].search_count([("company_id", "=", self.company.id)]))
        answer = self.api("POST", path, body, token=self.server)
        self.assertEqual(answer.status_code, 202, answer.text)
        ReceiptMessageView.model_validate_json(answer.content)
        self.assertEqual(answer.json()["email"], "sam@guests.example")
        for wrong in ({"id": uuid7()}, {**body, "email": "a\nBcc: b@c.example"}, {**body, "subject": "x"}):
            self.assertProblem(self.api("POST", path, wrong, token=self.server), "validation_failed", 422)

    def test_who_may_take_a_link_back(self):
        path, body = f"{self.path}:revoke", {"reason": "shown to somebody else"}
        self.refused("POST", path, body, "server")
        before = self.api("GET", self.path, token=self.server).json()["link"]
        answer = self.api("POST", path, body, token=self.sign_in("supervisor"))
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertNotEqual(answer.json()["link"]["url"], before["url"])
        self.assertProblem(self.api("POST", path, {}, token=self.sign_in("supervisor")), "validation_failed", 422)

    # --- the guest's page ----------------------------------------------------------------

    def open_page(self, token, suffix=""):
        self.env.cr.flush()
        return self.url_open(f"/r/{token}{suffix}", allow_redirects=False)

    def token(self):
        return self.api("GET", self.path, token=self.server).json()["link"]["url"].rpartition("/")[2]

    def test_a_guest_opens_the_receipt_without_signing_in(self):
        token = self.token()
        page = self.open_page(token)
        self.assertEqual(page.status_code, 200)
        self.assertIn("Margherita", page.text)
        self.assertIn(f"/r/{token}/receipt.pdf", page.text)
        self.assertNotIn("<script", page.text)
        for name, value in receipt_page.HEADERS:
            self.assertEqual(page.headers[name], value)
        self.assertNotIn("Set-Cookie", page.headers)
        pdf = self.open_page(token, "/receipt.pdf")
        self.assertEqual((pdf.status_code, pdf.headers["Content-Type"]), (200, "application/pdf"))
        self.assertTrue(pdf.content.startswith(b"%PDF"))

    def test_whatever_is_wrong_with_a_link_the_answer_is_the_same(self):
        token = self.token()
        unknown = self.open_page(ReceiptLink(uuid7()).token)
        self.assertEqual(unknown.status_code, 404)
        far = now().replace(year=now().year + 20)
        with patch.object(receipt_link, "now", lambda: far):
            expired = self.open_page(token)
        for page in (expired, self.open_page("x"), self.open_page(token[:-1] + "!"), self.open_page("%00" + token)):
            self.assertEqual((page.status_code, page.content), (404, unknown.content))
        self.assertEqual(self.open_page(token).status_code, 200)

    def test_an_address_that_tries_many_links_must_wait(self):
        token, full = self.token(), Problem("rate_limited", "Too many requests.", headers={"Retry-After": "7"})
        with patch.object(receipt_page.rate_limit, "spend_address", side_effect=full) as spend:
            page = self.open_page(token)
        self.assertIn("page", [call.args[0] for call in spend.call_args_list])
        self.assertEqual((page.status_code, page.headers["Retry-After"]), (429, "7"))
        self.assertNotIn("Margherita", page.text)

"""The search through the database finds what the log would mask, in every kind of column, and nothing else."""

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

CARD, KEY, TOKEN = "4111111111111111", "sk_test_51H8abcDEF", "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@tagged("post_install", "-at_install")
class TestSecretSearch(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.search_model = cls.env["fynlo.secret.search"]
        cls.known = cls.places(cls)

    def places(self, *values):
        return {(place["table"], place["column"]): place["rows"] for place in self.search_model._look(values)}

    def test_secrets_are_found_wherever_they_are(self):
        partner = self.env["res.partner"].create({"name": f"card {CARD}"})
        partner.message_post(body=f"the key is {KEY}")
        self.env["ir.attachment"].create({"name": "note.txt", "type": "binary", "db_datas": TOKEN.encode()})
        self.env["fynlo.outbox"]._emit(
            self.env.company.id, "l.x.payments", "payment.updated", "x", {"action": {"client_secret": "abc"}}
        )
        self.env.cr.execute(
            "INSERT INTO ir_logging (name, type, level, message, func, path, line) VALUES ('x', 'server', 'INFO', %s, 'f', 'p', '1')",
            (f"deep in a line: {TOKEN}",),
        )
        found = self.places()
        for place in (
            ("res_partner", "name"),
            ("mail_message", "body"),
            ("ir_attachment", "db_datas"),
            ("fynlo_outbox", "payload"),
            ("ir_logging", "message"),
        ):
            self.assertEqual(found.get(place, 0) - self.known.get(place, 0), 1, place)
        with self.assertRaises(UserError) as told:
            self.search_model._require_none()
        self.assertIn("mail_message.body", str(told.exception))
        for secret in (CARD, KEY, TOKEN):
            self.assertNotIn(secret, str(told.exception))

    def test_values_that_are_known(self):
        self.env["res.partner"].create({"name": "her PIN is 50%_8\\1"})
        self.assertNotIn(("res_partner", "name"), self.places().keys() - self.known.keys())
        self.assertEqual(
            self.places("50%_8\\1")[("res_partner", "name")], self.known.get(("res_partner", "name"), 0) + 1
        )
        self.assertNotIn(("res_partner", "name"), self.places("50X_8\\1").keys() - self.known.keys())

    def test_what_a_database_holds_anyway_is_no_secret(self):
        self.assertEqual(self.known, {})

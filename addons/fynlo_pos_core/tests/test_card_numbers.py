"""Card numbers and secrets: none is taken in a body, none reaches the log; barcodes, phones and ids are neither."""

import base64
import io
import json
import logging
from uuid import UUID

from odoo.tests import BaseCase, tagged

from ..rest.card_guard import refuse_card_numbers
from ..rest.problem import Problem
from ..tools.card_numbers import find_card_numbers, is_card_number
from ..tools.secret_masking import mask_records, masked, masked_value
from .probe import ProbeCase

#: Test numbers of the schemes; none is a real card.
CARDS = (
    "4111111111111111",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "6011111111111117",
    "30569309025904",
    "3566002020360505",
    "6200000000000005",
    "4222222222222",
)
WRITTEN = ("4111 1111 1111 1111", "4111-1111-1111-1111", "3782 822463 10005")
OTHERS = (
    "4006381333931",  # a barcode that begins like a card
    "5000112637922",  # a barcode of Great Britain
    "4111111111111112",  # wrong check digit
    "+44 20 7946 0958 4111",
    "+4222222222222",  # a phone number that a card could have
    "1764360000000000000",  # nanoseconds
    "9999999999999995",  # no scheme begins so
    "41111111111111111111",  # too long
    "0192f0a1-4111-4111-8111-411111111111",
    "A4111111111111111",
)
SECRETS = (
    "sk_live_51H8abcDEF",
    "rk_test_51H8abcDEF",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "pi_3Abc_secret_9xYz",
    "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
)


def ean13(number):
    body = f"{number:012d}"
    return body + str(-(sum(int(d) for d in body[::2]) + 3 * sum(int(d) for d in body[1::2])) % 10)


@tagged("post_install", "-at_install")
class TestCardNumbers(BaseCase):
    def test_cards_are_found(self):
        for text in (*CARDS, *WRITTEN):
            for around in (text, f"card {text} 12/28", f"2026 {text} 123", f"({text})", f'"{text}"'):
                with self.subTest(around):
                    found = [around[begin:end] for begin, end in find_card_numbers(around)]
                    self.assertEqual(found, [text])

    def test_other_numbers_are_not(self):
        for text in OTHERS:
            with self.subTest(text):
                self.assertEqual(list(find_card_numbers(text)), [])

    def test_no_barcode_and_no_id_is_a_card(self):
        barcodes = [ean13(number) for number in range(400000000000, 440000000000, 1999999)]
        self.assertEqual([code for code in barcodes if is_card_number(code)], [])
        ids = [str(UUID(int=number * 0x0123456789ABCDEF0123456789AB % 2**128)) for number in range(1, 5000)]
        ids += [f"41111111-1111-4111-8111-{number:012d}" for number in range(1000)]
        self.assertEqual([text for text in ids if any(find_card_numbers(text))], [])

    def test_bodies(self):
        card = CARDS[0]
        refused = {
            "note": {"note": f"he said {card}"},
            "lines[1].note": {"lines": [{}, {"note": WRITTEN[0]}]},
            "details.number": {"details": {"number": int(card)}},
            "body": {card: 1},
        }
        for field, body in refused.items():
            with self.subTest(field), self.assertRaises(Problem) as problem:
                refuse_card_numbers(json.dumps(body).encode())
            self.assertEqual([error["field"] for error in problem.exception.errors], [field])
            self.assertNotIn(card, f"{problem.exception} {problem.exception.errors}")
        with self.assertRaises(Problem):
            refuse_card_numbers(b'{"note": "\\u0034111111111111111"}')
        for body in ({"barcode": card}, {"barcodes": [card]}, {"barcode": OTHERS[0], "note": OTHERS[1]}, 5, None, []):
            refuse_card_numbers(json.dumps(body).encode())
        for raw in (b"", b"4111111111111111x", b"[" * 100000 + b"4111111111111111", b"\xff4111111111111111"):
            refuse_card_numbers(raw)


@tagged("post_install", "-at_install")
class TestMaskedLog(BaseCase):
    def setUp(self):
        super().setUp()
        mask_records()
        self.written = io.StringIO()
        handler = logging.StreamHandler(self.written)  # made after the masking began, as any handler may be
        self.logger = logging.getLogger("odoo.addons.fynlo_pos_core.tests.masking")
        self.logger.addHandler(handler)
        self.addCleanup(self.logger.removeHandler, handler)
        level, stopped = self.logger.level, logging.root.manager.disable
        self.logger.setLevel(logging.DEBUG)
        self.addCleanup(self.logger.setLevel, level)
        logging.disable(logging.NOTSET)
        self.addCleanup(logging.disable, stopped)
        self.logger.propagate = False
        self.addCleanup(setattr, self.logger, "propagate", True)

    def test_message_and_arguments(self):
        for secret in (*CARDS, *WRITTEN, *SECRETS):
            with self.subTest(secret):
                self.logger.warning(f"plain {secret}")
                self.logger.warning("as argument %s of %d", secret, 5)
                self.logger.warning("in %r", {"deep": [secret]})
                self.logger.warning({"no text": secret})
                self.logger.warning("too few %s %s", secret)
                told = self.written.getvalue()
                self.assertNotIn(secret, told)
                self.assertEqual(len(told.splitlines()), 5)
                self.written.truncate(self.written.seek(0))

    def test_named_fields(self):
        for text in (
            '{"client_secret": "abc-123"}',
            "client_secret=abc-123&x=1",
            "'resource_token': 'abc-123'",
            r"{\"resource_token\": \"abc-123\"}",
            "Authorization: Bearer abc-123-def",
            "-----BEGIN PRIVATE KEY-----\nabc-123\n-----END PRIVATE KEY-----",
        ):
            with self.subTest(text):
                self.assertNotIn("abc-123", masked(text))
        self.assertEqual(masked('"GET /pay/mJ4sX0c2Qy2k0tq1b6Yx9g/status HTTP/1.1"'), '"GET /pay/***/status HTTP/1.1"')
        self.assertEqual(
            masked("GET /pay/back and /fynlo_payments/static/pay/pay.css"),
            "GET /pay/back and /fynlo_payments/static/pay/pay.css",
        )
        self.assertEqual(
            masked("client_secret=null {'client_secret': None}"), "client_secret=null {'client_secret': None}"
        )
        self.assertEqual(masked("client_secret=abc-123&x=1"), "client_secret=***&x=1")

    def test_bank_accounts(self):
        for text, kept in (
            ("paid from GB82WEST12345698765432.", "paid from ***5432."),
            ("IBAN GB82 WEST 1234 5698 7654 32 OK", "IBAN ***5432 OK"),
            ("DE89370400440532013000, FR1420041010050500013M02606", "***3000, ***2606"),
            ("NO93 8601 1117 947", "***7947"),
            ("sort code 20-00-00 account 55779911", "sort code *** account ***9911"),
            ("20-00-00/55779911", "***/***9911"),
            ('{"sort_code": "200000", "account_number": "55779911"}', '{"sort_code": "***", "account_number": "***"}'),
        ):
            with self.subTest(text):
                self.assertEqual(masked(text), kept)
        for text in (
            "GB82WEST12345698765431",  # its check digits are wrong
            "2026-11-29 12345678",
            "26-11-29 at 20:15:00",
            "GB12 ABCD",
            "order AB12CD34EF56GH78",
            "0192F0A1-7C3E-7B44-9D55-2F6B1C0E8A77",
        ):
            with self.subTest(text):
                self.assertEqual(masked(text), text)

    def test_uploaded_keys(self):
        for kind, kept in (
            ("PRIVATE KEY", False),
            ("RSA PRIVATE KEY", False),
            ("EC PRIVATE KEY", False),
            ("CERTIFICATE", True),
        ):
            raw = base64.b64encode(f"-----BEGIN {kind}-----\n{'MIIE' * 20}".encode()).decode()
            with self.subTest(kind):
                self.assertEqual(raw in masked(f"{{'key': '{raw}'}}"), kept)

    def test_values(self):
        value = {
            "deep": [{"to": f"to {CARDS[0]}"}, 5, None],
            CARDS[1]: True,
            "sort_code": "200000",
            "pair": ("sk_test_abcd", 1.5),
        }
        clean = {"deep": [{"to": "to ***1111"}, 5, None], "***4444": True, "sort_code": "***", "pair": ["***", 1.5]}
        self.assertEqual(masked_value(value), clean)

    def test_tracebacks(self):
        def fail():
            raise ValueError(f"card {CARDS[0]} and {SECRETS[0]}")

        try:
            try:
                fail()
            except ValueError as exc:
                raise RuntimeError(SECRETS[4]) from exc
        except RuntimeError:
            self.logger.exception("failed")
            self.logger.error("with the stack %s", CARDS[1], stack_info=True)
        told = self.written.getvalue()
        self.assertIn("RuntimeError: ***", told)
        self.assertIn("card ***1111 and ***", told)
        for secret in (CARDS[0], CARDS[1], SECRETS[0], SECRETS[4]):
            self.assertNotIn(secret, told)

    def test_what_is_harmless_stays(self):
        lines = ["order 0192f0a1-4111-4111-8111-411111111111 of 12.50", "pi_3Abc ch_1Xyz ****1111", *OTHERS]
        for line in lines:
            self.logger.warning("%s", line)
        self.assertEqual(self.written.getvalue().splitlines(), lines)


@tagged("post_install", "-at_install")
class TestCardNumbersInRequests(ProbeCase):
    def test_a_write_with_a_card_number_leaves_nothing(self):
        name = f"table of {WRITTEN[0]}"
        problem = self.assert_problem(self.call("POST", "/probe/things", {"name": name}), 422, "card_number_refused")
        self.assertEqual([error["field"] for error in problem["errors"]], ["name"])
        self.assertNotIn("1111", json.dumps(problem["errors"]))
        self.assertEqual(self.topics(name), 0)
        self.assertEqual(self.call("POST", "/probe/things", {"name": OTHERS[0]}).status_code, 201)

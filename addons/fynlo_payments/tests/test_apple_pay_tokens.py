"""Apple Pay tokens: the published one opens, and each way to forge, swap, age or repeat one is refused."""

import base64
import copy
import json
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import ec
from odoo.tests import BaseCase, tagged

from ..apple_pay import opening
from ..apple_pay.certificates import processing_key, read_certificate
from ..apple_pay.decryption import Expected, derived_key, shared_secret
from ..apple_pay.opening import TokenOpener
from ..apple_pay.signature import INTERMEDIATE_MARK, apple_root
from ..apple_pay.token import TokenRefused, read_token
from .apple_pay.token_maker import CARD, NOW, TokenMaker, merchant_certificate, pem

VECTORS = Path(__file__).parent / "apple_pay" / "vectors"
SIGNED_AT = datetime(2021, 9, 1, 19, 3, 6, tzinfo=UTC)
DOLLAR = Expected(100, "840")
#: Bytes of the published signature that come before its certificates.
BEFORE_CERTIFICATES = 52
POUNDS = Expected(1250, "826")


class Seen:
    """Transaction ids in memory."""

    def __init__(self):
        self.legs = {}

    def claim(self, transaction_id, leg_uuid):
        return self.legs.setdefault(transaction_id, leg_uuid) == leg_uuid


def flipped(text):
    """Base64 or hex with one bit of its middle changed."""
    is_hex = all(char in "0123456789abcdef" for char in text)
    raw = bytearray(bytes.fromhex(text) if is_hex else base64.b64decode(text))
    raw[len(raw) // 2] ^= 1
    return raw.hex() if is_hex else base64.b64encode(raw).decode()


class TokenCase(BaseCase):
    def assert_refused(self, code, opener, token, expected, leg="leg-1"):
        raw = token if isinstance(token, bytes) else json.dumps(token).encode()
        with self.assertRaises(TokenRefused) as refused:
            opener.open(raw, leg, expected)
        self.assertEqual(refused.exception.code, code)


@tagged("post_install", "-at_install")
class TestPublishedToken(TokenCase):
    """The token that Apple's own device made, up to Apple's own root."""

    def setUp(self):
        super().setUp()
        self.token = json.loads((VECTORS / "token.json").read_text())
        self.certificate = read_certificate((VECTORS / "merchant_cert.pem").read_bytes())
        self.key = processing_key((VECTORS / "merchant_key.pem").read_bytes(), self.certificate)
        self.opener = self.opener_at(SIGNED_AT)

    def opener_at(self, moment, key=None, **changes):
        return TokenOpener({self.certificate.public_key_hash: key or self.key}, Seen(), clock=lambda: moment, **changes)

    def test_it_opens(self):
        card = self.opener.open(json.dumps(self.token).encode(), "leg-1", DOLLAR)
        told = json.loads((VECTORS / "expected_plaintext.json").read_text())
        self.assertEqual(card.model_dump(exclude_none=True), told)
        self.assertEqual(card.last4, "1169")

    def test_steps_in_between(self):
        known = json.loads((VECTORS / "intermediate.json").read_text())
        secret = shared_secret(read_token(json.dumps(self.token).encode()).key_material, self.key.private)
        self.assertEqual(base64.b64encode(secret).decode(), known["sharedSecret"])
        self.assertEqual(self.certificate.public_key_hash, known["publicKeyHash"])
        self.assertEqual(self.key.merchant_id_hash.hex().upper(), known["merchantIdHash"])
        symmetric = derived_key(secret, self.key.merchant_id_hash)
        self.assertEqual(base64.b64encode(symmetric).decode(), known["symmetricKey"])

    def test_a_flipped_bit_anywhere(self):
        codes = {"data": "digest_mismatch", "signature": None}
        codes |= {"ephemeralPublicKey": "digest_mismatch", "transactionId": "digest_mismatch"}
        for part, code in codes.items():
            with self.subTest(part):
                token = copy.deepcopy(self.token)
                holder = token if part in token else token["header"]
                holder[part] = flipped(holder[part])
                with self.assertRaises(TokenRefused) as refused:
                    self.opener.open(json.dumps(token).encode(), "leg-1", DOLLAR)
                self.assertIn(refused.exception.code, [code] if code else ["signature_malformed", "chain_untrusted"])

    def test_every_byte_of_the_signature_counts(self):
        raw = base64.b64decode(self.token["signature"])
        accepted = []
        for place in range(0, len(raw), 7):
            changed = raw[:place] + bytes([raw[place] ^ 0x10]) + raw[place + 1 :]
            token = {**self.token, "signature": base64.b64encode(changed).decode()}
            try:
                self.opener_at(SIGNED_AT).open(json.dumps(token).encode(), "leg-1", DOLLAR)
                accepted.append(place)
            except TokenRefused:
                continue
        # before the certificates stand only the list of digests and the name of the content, which nobody reads
        self.assertLess(max(accepted, default=0), BEFORE_CERTIFICATES, accepted)

    def test_injected_application_data(self):
        token = copy.deepcopy(self.token)
        token["header"]["applicationData"] = "ab" * 32
        self.assert_refused("digest_mismatch", self.opener, token, DOLLAR)

    def test_the_key_of_another_merchant(self):
        key = type(self.key)(ec.generate_private_key(ec.SECP256R1()), self.key.merchant_id_hash)
        self.assert_refused("undecipherable", self.opener_at(SIGNED_AT, key), self.token, DOLLAR)
        self.assert_refused("unknown_key", TokenOpener({}, Seen(), clock=lambda: SIGNED_AT), self.token, DOLLAR)

    def test_the_clock(self):
        for minutes, fine in ((4, True), (-4, True), (6, False), (-6, False)):
            with self.subTest(minutes):
                opener = self.opener_at(SIGNED_AT + timedelta(minutes=minutes))
                if fine:
                    self.assertEqual(opener.open(json.dumps(self.token).encode(), "leg-1", DOLLAR).last4, "1169")
                else:
                    self.assert_refused("signing_time", opener, self.token, DOLLAR)

    def test_another_amount_or_currency(self):
        self.assert_refused("wrong_amount", self.opener, self.token, Expected(101, "840"))
        self.assert_refused("wrong_currency", self.opener, self.token, Expected(100, "826"))

    def test_no_other_root_is_trusted(self):
        self.assertEqual(apple_root().subject.rfc4514_string().split(",")[-1], "CN=Apple Root CA - G3")
        self.assert_refused("chain_untrusted", self.opener_at(SIGNED_AT, root=TokenMaker().root), self.token, DOLLAR)


@tagged("post_install", "-at_install")
class TestMadeTokens(TokenCase):
    """Tokens of a root of the test's own: what a thief could make, and what Apple could."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.maker = TokenMaker()

    def opener(self, maker=None, **changes):
        maker = maker or self.maker
        keys = {}
        for kind, key in (("Payment Processing", maker.merchant_key), ("Payment Processing RSA", maker.rsa_key)):
            certificate = read_certificate(merchant_certificate(kind, key))
            keys[certificate.public_key_hash] = processing_key(pem(key), certificate)
        return TokenOpener(keys, Seen(), **{"root": maker.root, "clock": lambda: NOW, **changes})

    def test_both_versions_open(self):
        for token, with_rsa in ((self.maker.ec_token(), False), (self.maker.rsa_token(), True)):
            with self.subTest(token["version"]):
                card = self.opener(with_rsa=with_rsa).open(json.dumps(token).encode(), "leg-1", POUNDS)
                self.assertEqual(card.model_dump(exclude_none=True), CARD)

    def test_rsa_is_off_unless_switched_on(self):
        self.assert_refused("version_off", self.opener(), self.maker.rsa_token(), POUNDS)

    def test_an_rsa_key_of_another_length(self):
        self.assert_refused("undecipherable", self.opener(with_rsa=True), self.maker.rsa_token(key_bytes=32), POUNDS)

    def test_a_flipped_bit_of_an_rsa_token(self):
        for part in ("data", "wrappedKey", "transactionId"):
            with self.subTest(part):
                token = self.maker.rsa_token()
                holder = token if part in token else token["header"]
                holder[part] = flipped(holder[part])
                self.assert_refused("digest_mismatch", self.opener(with_rsa=True), token, POUNDS)

    def test_a_chain_that_only_looks_like_apples(self):
        """It has Apple's marks and names and its content decrypts: only the pinned root stops it."""
        token = self.maker.ec_token()
        with patch.object(opening, "verify"):
            card = self.opener(root=apple_root()).open(json.dumps(token).encode(), "leg-1", POUNDS)
        self.assertEqual(card.last4, "1111")
        self.assert_refused("chain_untrusted", self.opener(root=apple_root()), token, POUNDS)

    def test_parts_of_two_tokens(self):
        one, other = self.maker.ec_token(), self.maker.ec_token()
        for part in ("data", "signature", "header"):
            with self.subTest(part):
                self.assert_refused("digest_mismatch", self.opener(), {**one, part: other[part]}, POUNDS)

    def test_chains_that_are_not_apples(self):
        cases = {
            "leaf without its mark": {"leaf_marks": []},
            "intermediate without its mark": {"intermediate_marks": []},
            "leaf with the other's mark": {"leaf_marks": [INTERMEDIATE_MARK]},
            "intermediate that is no authority": {"intermediate_authority": False},
            "leaf that is an authority": {"leaf_authority": True},
        }
        for told, chain in cases.items():
            with self.subTest(told):
                maker = TokenMaker(**chain)
                self.assert_refused("chain_untrusted", self.opener(maker), maker.ec_token(), POUNDS)

    def test_signatures_made_wrong(self):
        maker = self.maker
        cases = {
            "signature_malformed": [{"signers": 2}, {"certificates": [maker.leaf]}, {"repeat": True}],
            "chain_untrusted": [
                {"named": maker.intermediate},
                {"certificates": [maker.leaf, maker.leaf, maker.intermediate]},
                {"certificates": [maker.leaf, maker.root]},
            ],
            "signature_invalid": [{"signing_key": ec.generate_private_key(ec.SECP256R1())}],
            "signing_time": [{"signed_at": NOW + timedelta(minutes=6)}, {"signed_at": NOW - timedelta(minutes=6)}],
        }
        for code, ways in cases.items():
            for way in ways:
                with self.subTest(f"{code} {list(way)}"):
                    self.assert_refused(code, self.opener(), maker.ec_token(**way), POUNDS)

    def test_certificates_count_at_the_time_of_signing(self):
        maker = TokenMaker(leaf_ends=NOW - timedelta(minutes=1))
        self.assert_refused("signing_time", self.opener(maker), maker.ec_token(), POUNDS)
        token = maker.ec_token(signed_at=NOW - timedelta(minutes=2))
        self.assertEqual(self.opener(maker).open(json.dumps(token).encode(), "leg-1", POUNDS).last4, "1111")

    def test_a_token_pays_one_leg_once(self):
        opener, token = self.opener(), json.dumps(self.maker.ec_token()).encode()
        opener.open(token, "leg-1", POUNDS)
        self.assertEqual(opener.open(token, "leg-1", POUNDS).last4, "1111", "the same leg may ask again")
        self.assert_refused("replayed", opener, token, POUNDS, leg="leg-2")

    def test_a_token_of_another_order(self):
        token = self.maker.ec_token(asked=b"leg-1")
        self.assertEqual(
            self.opener().open(json.dumps(token).encode(), "leg-1", Expected(1250, "826", b"leg-1")).last4, "1111"
        )
        for asked in (b"leg-2", None):
            self.assert_refused("application_data", self.opener(), token, Expected(1250, "826", asked))
        self.assert_refused("application_data", self.opener(), self.maker.ec_token(), Expected(1250, "826", b"leg-1"))

    def test_a_refused_order_does_not_use_the_token_up(self):
        opener, token = self.opener(), self.maker.ec_token(asked=b"leg-1")
        self.assert_refused("application_data", opener, token, Expected(1250, "826", b"leg-2"), leg="leg-2")
        self.assertEqual(
            opener.open(json.dumps(token).encode(), "leg-1", Expected(1250, "826", b"leg-1")).last4, "1111"
        )

    def test_tokens_that_are_none(self):
        good = self.maker.ec_token()
        header = good["header"]
        cases = [
            b"", b"{}", b"[]", b"\xff", b"null", json.dumps(good).encode()[:-2],
            {**good, "version": "EC_v2"}, {**good, "more": 1}, {**good, "data": "%%%%"}, {**good, "data": 5},
            {**good, "data": "A" * 40000}, {**good, "header": {**header, "transactionId": "xyz"}},
            {**good, "header": {**header, "wrappedKey": "AAAA"}}, {**good, "version": "RSA_v1"},
            {**good, "header": {**header, "applicationData": "abc"}},
        ]  # fmt: skip
        for token in cases:
            with self.subTest(str(token)[:60]):
                self.assert_refused("malformed", self.opener(with_rsa=True), token, POUNDS)
        for signature in ("AAAA", base64.b64encode(b"\x30\x80" * 500).decode(), base64.b64encode(bytes(9000)).decode()):
            self.assert_refused("signature_malformed", self.opener(), {**good, "signature": signature}, POUNDS)

    def test_what_is_inside_must_be_whole(self):
        for wrong in (
            {"transactionAmount": "1250"},
            {"paymentDataType": "EMV"},
            {"applicationPrimaryAccountNumber": "4111x"},
        ):
            with self.subTest(str(wrong)):
                self.assert_refused("undecipherable", self.opener(), self.maker.ec_token({**CARD, **wrong}), POUNDS)

    def test_a_refusal_and_a_card_tell_no_number(self):
        token = self.maker.ec_token({**CARD, "paymentDataType": "EMV"})
        try:
            self.opener().open(json.dumps(token).encode(), "leg-1", POUNDS)
        except TokenRefused:
            told = traceback.format_exc()
        self.assertNotIn("4111111111111111", told)
        card = self.opener().open(json.dumps(self.maker.ec_token()).encode(), "leg-1", POUNDS)
        for secret in ("4111111111111111", "AAAAAAAAAAA", "301231"):
            self.assertNotIn(secret, f"{card!r} {card}")

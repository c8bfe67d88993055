"""Tl-Signature against the published vectors: what is TrueLayer's passes, everything else is refused, never a crash."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from odoo.tests import BaseCase, tagged

from ..providers.connection import NotificationRefused
from ..providers.truelayer_client.environment import LIVE, SANDBOX, loopback
from ..providers.truelayer_client.key_set import AGAIN_S, KEPT_S, KeySet
from ..providers.truelayer_client.notifications import read_event
from ..providers.truelayer_client.signature import (
    Request,
    public_key,
    sign,
    sign_header,
    verify_notification,
    verify_request,
)

VECTORS = Path(__file__).parent / "truelayer"
CASES = json.loads((VECTORS / "vectors.json").read_text())
KEYS = json.loads((VECTORS / "jwks.json").read_text())
PRIVATE = (VECTORS / "ec512-private.pem").read_bytes()
KEY = serialization.load_pem_private_key(PRIVATE, password=None)


def request_of(case, **changes):
    values = {**CASES[case], **changes}
    return Request(values["method"], values["path"], values["headers"], values["body"].encode())


def signature_of(case):
    return (VECTORS / CASES[case]["signature_file"]).read_text().strip()


@tagged("post_install", "-at_install")
class TestTrueLayerSignature(BaseCase):
    def verify(self, request, signature, key_set=LIVE.key_set):
        asked = []

        def read():
            asked.append(key_set)
            return KEYS

        try:
            verify_notification(request, signature, key_set, KeySet(read).key)
        finally:
            self.asked = asked

    def assert_refused(self, request, signature, **options):
        with self.assertRaises(NotificationRefused):
            self.verify(request, signature, **options)

    def signed(self, members=None, **headers):
        request = request_of("webhook", headers=headers or CASES["webhook"]["headers"])
        told = {"alg": "ES512", "kid": CASES["kid"], "tl_version": "2", "jku": LIVE.key_set, **(members or {})}
        return request, sign_header(request, told, KEY)

    def test_published_signatures_pass(self):
        self.verify(request_of("webhook"), signature_of("webhook"))
        self.verify(request_of("webhook", path="/tl-webhook/"), signature_of("webhook"))
        key = public_key(next(key for key in KEYS["keys"] if key["kid"] == CASES["kid"]))
        verify_request(request_of("request"), signature_of("request"), key)

    def test_published_refusals(self):
        for case in CASES["negatives"]:
            with self.subTest(case["expect"], case=case):
                changes = {name: value for name, value in case.get("change", {}).items() if "." not in name}
                if "headers.x-tl-webhook-timestamp" in case.get("change", {}):
                    stamp = case["change"]["headers.x-tl-webhook-timestamp"]
                    changes["headers"] = {**CASES["webhook"]["headers"], "x-tl-webhook-timestamp": stamp}
                changes |= {name: case[name] for name in ("path", "body") if name in case}
                self.assert_refused(
                    request_of("webhook", **changes), case.get("raw_signature") or signature_of("webhook")
                )

    def test_keys_of_another_place_are_never_fetched(self):
        near = ["https://webhooks.truelayer.com/.well-known/jwks/", "http://webhooks.truelayer.com/.well-known/jwks"]
        for jku in [SANDBOX.key_set, *near, "https://evil.example/jwks", "", None, ["x"], LIVE.key_set + "?a"]:
            with self.subTest(jku=jku):
                self.assert_refused(*self.signed({"jku": jku}))
                self.assertEqual(self.asked, [])
        self.verify(*self.signed())
        self.assertEqual(self.asked, [LIVE.key_set])

    def test_other_kinds_of_signature(self):
        for members in ({"alg": "none"}, {"alg": "HS512"}, {"alg": "RS512"}, {"tl_version": "1"}, {"kid": "other"}):
            with self.subTest(members=members):
                self.assert_refused(*self.signed(members))
        self.assert_refused(*self.signed({"kid": KEYS["keys"][0]["kid"]}))  # an RSA key

    def test_the_time_must_be_signed(self):
        self.assert_refused(*self.signed(**{"content-type": "application/json"}))

    def test_garbage_is_refused_and_never_crashes(self):
        header, _none, signed = signature_of("webhook").split(".")

        def other(value):
            return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

        deep = other(b"[" * 2000)
        for text in (
            "", ".", "..", "...", "é..é", "a..b", f"{header}..", f"{header}..{signed[:-4]}", f"{header}..{signed}.x",
            f"{header}..{signed}!", f"{other(b'[]')}..{signed}", f"{other(b'null')}..{signed}", f"{other(bytes(9))}..{signed}",
            f"{deep}..{signed}", f"{header}..{'A' * len(signed)}", f"{header}..{'A' * 9000}", "\ud800..x",
        ):  # fmt: skip
            with self.subTest(text=text[:40]):
                self.assert_refused(request_of("webhook"), text)

    def test_damaged_keys(self):
        good = next(key for key in KEYS["keys"] if key["kid"] == CASES["kid"])
        for change in ({"x": "AAAA"}, {"x": "!"}, {"crv": "P-256"}, {"kty": "RSA"}, {"y": None}):
            with self.subTest(change=change), self.assertRaises(NotificationRefused):
                public_key({**good, **change})

    def test_own_signatures(self):
        request = request_of("request", headers={"Idempotency-Key": "one"})
        signature = sign(request, CASES["kid"], PRIVATE)
        verify_request(request, signature, KEY.public_key())
        with self.assertRaises(NotificationRefused):
            verify_request(request_of("request", headers={"Idempotency-Key": "two"}), signature, KEY.public_key())

    def test_keys_are_kept_for_a_day_and_asked_again_once_a_minute(self):
        moment, reads = [0.0], []

        def read():
            reads.append(moment[0])
            return KEYS

        keys = KeySet(read, clock=lambda: moment[0])
        for _ in range(20):
            with self.assertRaises(NotificationRefused):
                keys.key("unknown")
        keys.key(CASES["kid"])
        self.assertEqual(reads, [0.0])
        moment[0] = AGAIN_S
        with self.assertRaises(NotificationRefused):
            keys.key("unknown")
        self.assertEqual(reads, [0.0, AGAIN_S])
        moment[0] = AGAIN_S + KEPT_S + 1
        keys.key(CASES["kid"])
        self.assertEqual(len(reads), 3)

    def test_only_what_is_of_now_and_whole_is_read(self):
        now = datetime(2026, 11, 29, 12, tzinfo=UTC)
        body = {"event_id": "e1", "type": "payment_executed", "payment_id": "p1", "metadata": {"leg_uuid": "u1"}}

        def read(told=body, sent=now, raw=None):
            stamp = sent if isinstance(sent, str) else sent.isoformat()
            return read_event({"x-tl-webhook-timestamp": stamp}, raw or json.dumps(told).encode(), now, live=False)

        event = read(sent=now - timedelta(minutes=4))
        self.assertEqual(
            (event.id, event.kind, event.reference, event.leg_uuid), ("e1", "payment_executed", "p1", "u1")
        )
        for off in (timedelta(minutes=6), -timedelta(minutes=6)):
            with self.assertRaises(NotificationRefused):
                read(sent=now + off)
        for wrong in ("", "yesterday", "2026"):
            with self.subTest(wrong), self.assertRaises(NotificationRefused):
                read(sent=wrong)
        for told in (
            [],
            None,
            {},
            {**body, "event_id": 5},
            {**body, "event_id": "x" * 65},
            {**body, "payment_id": "../x"},
        ):
            with self.subTest(told=told), self.assertRaises(NotificationRefused):
                read(told)
        for raw in (b"\xff", b"{", b"[" * 100_000):
            with self.subTest(raw=raw[:5]), self.assertRaises(NotificationRefused):
                read(raw=raw)

    def test_a_bank_of_this_machine_only(self):
        self.assertFalse(loopback("http://127.0.0.1:9").live)
        for base in (
            "http://example.com",
            "https://127.0.0.1",
            "http://127.0.0.1.example.com:9",
            "http://evil@10.0.0.1",
        ):
            with self.subTest(base), self.assertRaises(ValueError):
                loopback(base)

"""Merchant sessions: asked of Apple's gateways alone, with our certificate, over a real TLS connection."""

import ipaddress
import json
import ssl
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from odoo.tests import BaseCase, tagged

from ..apple_pay.merchant_session import PATH, Gateway, Merchant, ask_session
from ..providers.connection import ProviderUnavailable
from .apple_pay.token_maker import MERCHANT, name, pem

SESSION = {"epochTimestamp": 1, "merchantSessionIdentifier": "SSH-1", "nonce": "n", "signature": "00ff"}


def own_certificate(common, key):
    """A certificate of localhost by itself, valid today."""
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    begins = datetime.now(UTC) - timedelta(days=1)
    return (
        x509.CertificateBuilder().subject_name(name(common, MERCHANT)).issuer_name(name(common, MERCHANT))
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(begins).not_valid_after(begins + timedelta(days=30))
        .add_extension(names, critical=False).add_extension(x509.BasicConstraints(True, None), critical=True)
        .sign(key, SHA256()).public_bytes(Encoding.PEM)
    )  # fmt: skip


class Answers(BaseHTTPRequestHandler):
    """Answers as the server was told to, and keeps what was asked."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        peer = self.connection.getpeercert()
        self.server.asked.append((self.path, json.loads(body), peer["serialNumber"]))
        status, headers, raw = self.server.answer
        self.send_response(status)
        for each in headers.items():
            self.send_header(*each)
        self.end_headers()
        if callable(raw):
            raw(self.wfile, self.server.stopped)
        else:
            self.wfile.write(raw)

    def log_message(self, *_args):
        """The test's output stays clean."""


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args):
        """Refused handshakes are what some tests are about."""


class WithGateway:
    """Mix into a test: ``self.server`` stands for Apple's gateway, ``self.gateway`` is where it is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="fynlo-apple-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        for who in ("server", "merchant", "stranger"):
            key = rsa.generate_private_key(65537, 2048)
            (cls.folder / f"{who}.key").write_bytes(pem(key))
            (cls.folder / f"{who}.crt").write_bytes(own_certificate(who, key))

    def setUp(self):
        super().setUp()
        self.server = QuietServer(("127.0.0.1", 0), Answers)
        self.server.asked, self.server.answer, self.server.stopped = (
            [],
            (200, {}, json.dumps(SESSION).encode()),
            threading.Event(),
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.crt", self.folder / "server.key")
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(self.folder / "merchant.crt")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.addCleanup(self.server.stopped.set)
        self.gateway = Gateway("localhost", self.server.server_port, self.folder / "server.crt")


@tagged("post_install", "-at_install")
class TestMerchantSessions(WithGateway, BaseCase):
    def merchant(self, who="merchant", **changes):
        files = {"certificate_file": self.folder / f"{who}.crt", "key_file": self.folder / f"{who}.key"}
        return Merchant(
            **{"merchant_id": MERCHANT, "display_name": "Bistro", "domain": "pay.example.com", **files, **changes}
        )

    def assert_unavailable(self, merchant=None, gateway=None, limit_s=20):
        with self.assertRaises(ProviderUnavailable):
            ask_session(merchant or self.merchant(), gateway or self.gateway, limit_s)

    def test_a_session(self):
        self.assertEqual(ask_session(self.merchant(), self.gateway, 20), SESSION)
        [(path, wish, serial)] = self.server.asked
        self.assertEqual(path, PATH)
        self.assertEqual(
            wish,
            {
                "merchantIdentifier": MERCHANT,
                "displayName": "Bistro",
                "initiative": "web",
                "initiativeContext": "pay.example.com",
            },
        )
        ours = x509.load_pem_x509_certificate((self.folder / "merchant.crt").read_bytes())
        self.assertEqual(int(serial, 16), ours.serial_number)

    def test_neither_side_takes_a_stranger(self):
        self.assert_unavailable(self.merchant("stranger"))
        self.assert_unavailable(gateway=Gateway("localhost", self.server.server_port, self.folder / "stranger.crt"))
        self.assert_unavailable(gateway=Gateway("localhost", self.server.server_port))
        self.assert_unavailable(self.merchant(key_file=self.folder / "nowhere.key"))
        self.assertEqual(self.server.asked, [])

    def test_redirects_are_not_followed(self):
        there = f"https://localhost:{self.server.server_port}/elsewhere"
        for status in (301, 302, 307, 308):
            self.server.answer = (status, {"Location": there}, b"")
            self.assert_unavailable()
        self.assertEqual([path for path, _wish, _serial in self.server.asked], [PATH] * 4)

    def test_answers_that_are_no_session(self):
        for answer in (
            (500, {}, b"{}"),
            (204, {}, b""),
            (200, {}, b"[]"),
            (200, {}, b"<html>"),
            (200, {}, b"[" * 60000),
            (200, {}, b" " * 70000 + b"{}"),
        ):
            with self.subTest(str(answer)[:30]):
                self.server.answer = answer
                self.assert_unavailable()

    def test_an_answer_that_drips_is_cut(self):
        def drip(out, stopped):
            while not stopped.wait(0.1):
                out.write(b" ")
                out.flush()

        self.server.answer = (200, {}, drip)
        began = time.monotonic()
        self.assert_unavailable(limit_s=1.5)
        self.assertLess(time.monotonic() - began, 15, "each byte came in time, the whole did not")

    def test_gateways(self):
        for url in ("https://apple-pay-gateway.apple.com", f"https://cn-apple-pay-gateway.apple.com{PATH}"):
            self.assertIn(Gateway.at(url).host, url)
        for url in (
            "https://apple-pay-gateway-apple.com",
            "https://apple-pay-gateway-x.evil-apple.com",
            "https://apple-pay-gateway-a.b.cXapple.com",
            "https://apple-pay-gatewayXapple.com",
            "http://apple-pay-gateway.apple.com",
            "https://apple-pay-gateway.apple.com:8443",
            "https://apple-pay-gateway.apple.com@evil.example",
            "https://me@apple-pay-gateway.apple.com",
            "https://apple-pay-gateway.apple.com.evil.example",
            "https://apple-pay-gateway.apple.com/other",
            "https://apple-pay-gateway.apple.com?x=1",
            "https://apple-pay-gateway.apple.com#x",
            "https://apple-pay-gateway.apple.com\n",
            "https://APPLE-PAY-GATEWAY.apple.com.",
            "https://169.254.169.254",
            "https://localhost",
            "file:///etc/passwd",
            "",
        ):
            with self.subTest(url), self.assertRaises(ValueError):
                Gateway.at(url)

    def test_domains(self):
        for domain in (
            "https://pay.example.com",
            "pay.example.com:443",
            "pay.example.com/x",
            "localhost",
            "",
            "a b.com",
        ):
            with self.subTest(domain), self.assertRaises(ValueError):
                self.merchant(domain=domain)

"""The simulated bank over HTTP: its page, whose decisions count, and that writes are signed by the client."""

import base64
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from simulators.bank.bank import DECISIONS
from simulators.bank.server import BankServer
from simulators.bank.signing import VECTORS

KEY = serialization.load_pem_private_key((VECTORS / "ec512-private.pem").read_bytes(), None)
assert isinstance(KEY, ec.EllipticCurvePrivateKey)
PUBLIC = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def bank() -> Iterator[BankServer]:
    server = BankServer(client_key=PUBLIC)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.bank.released.set()
    server.shutdown()
    server.server_close()


def sign(path: str, key: str, body: bytes) -> str:
    """A client's signature over the path, its idempotency key and the body."""
    assert isinstance(KEY, ec.EllipticCurvePrivateKey)
    header = encoded(json.dumps({"alg": "ES512", "kid": "k", "tl_headers": "Idempotency-Key"}).encode())
    payload = encoded(f"POST {path}\nIdempotency-Key: {key}\n".encode() + body)
    r, s = utils.decode_dss_signature(KEY.sign(f"{header}.{payload}".encode(), ec.ECDSA(hashes.SHA512())))
    return f"{header}..{encoded(r.to_bytes(66, 'big') + s.to_bytes(66, 'big'))}"


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def write(bank: BankServer, path: str, key: str, body: dict[str, Any] | None = None, **changes: str) -> int:
    """The status of a signed write; ``changes`` replace headers after it was signed."""
    raw = b"" if body is None else json.dumps(body).encode()
    headers = {"Idempotency-Key": key, "Tl-Signature": sign(path, key, raw), **changes}
    return requests.post(f"{bank.base}{path}", raw, headers=headers, timeout=10).status_code


def paid(bank: BankServer, key: str = "k-1") -> dict[str, Any]:
    assert write(bank, "/v3/payments", key, {"amount_in_minor": 1250, "currency": "GBP"}) == 201
    return list(bank.bank.payments.values())[-1]


def decide(bank: BankServer, payment: dict[str, Any], decision: str, token: str | None = None) -> int:
    headers = {"X-Resource-Token": token or payment["resource_token"]}
    return requests.post(f"{bank.base}/hosted/{payment['id']}/{decision}", headers=headers, timeout=10).status_code


def test_writes_must_be_signed_by_the_client(bank: BankServer) -> None:
    wish = {"amount_in_minor": 1, "currency": "GBP"}
    assert write(bank, "/v3/payments", "k-1", wish, **{"Idempotency-Key": "k-2"}) == 401
    assert write(bank, "/v3/payments", "k-1", wish, **{"Tl-Signature": "a..b"}) == 401
    assert write(bank, "/v3/payments", "k-1", wish, **{"Tl-Signature": "nothing"}) == 401
    assert not bank.bank.payments
    assert write(bank, "/v3/payments", "k-1", wish) == 201


def test_a_page_without_the_payments_token_decides_nothing(bank: BankServer) -> None:
    payment = paid(bank)
    assert requests.get(f"{bank.base}/hosted/{payment['id']}", timeout=10).status_code == 404
    assert [decide(bank, payment, decision, "guessed") for decision in DECISIONS] == [404] * 4
    assert decide(bank, payment, "steal") == 404
    assert payment["status"] == "authorization_required"


@pytest.mark.parametrize(
    ("decision", "status", "amount", "after_cancel"),
    [
        ("approve", "settled", 1250, "settled"),
        ("decline", "failed", 1250, "failed"),
        ("late", "authorization_required", 1250, "settled"),
        ("other", "settled", 1251, "settled"),
    ],
)
def test_decisions(bank: BankServer, decision: str, status: str, amount: int, after_cancel: str) -> None:
    payment = paid(bank)
    assert decide(bank, payment, decision) == 200
    assert (payment["status"], payment["amount_in_minor"]) == (status, amount)
    write(bank, f"/v3/payments/{payment['id']}/actions/cancel", "k-1-cancel")
    assert payment["status"] == after_cancel


def test_the_page_needs_nothing_but_its_address(bank: BankServer) -> None:
    page = requests.get(f"{bank.base}/payments", timeout=10)
    assert page.status_code == 200
    assert all(f'value="{decision}"' in page.text for decision in DECISIONS)
    payment = paid(bank)
    headers = {"X-Resource-Token": payment["resource_token"]}
    told = requests.get(f"{bank.base}/hosted/{payment['id']}", headers=headers, timeout=10).json()
    assert told == {"text": "GBP 12.50, authorization_required"}

"""Tokens: what is accepted, and every way of forging one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ws_server.gateway.identity import TokenError
from ws_server.gateway.key_set import KeySet, parse_keys
from ws_server.gateway.token_verifier import TokenVerifier

from .signer import Signer

pytestmark = pytest.mark.asyncio


def _part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Issuer:
    """A key set fed by a signer, with a count of the fetches."""

    def __init__(self, signer: Signer) -> None:
        self.signer, self.fetches, self.is_down = signer, 0, False
        self.clock = Clock()
        self.keys = KeySet(self._fetch, self.clock)
        self.verifier = TokenVerifier(self.keys)

    async def _fetch(self) -> Any:
        self.fetches += 1
        if self.is_down:
            raise OSError("connection refused")
        return self.signer.jwks()


@pytest.fixture
def issuer(signer: Signer) -> Issuer:
    return Issuer(signer)


async def test_good_token(issuer: Issuer) -> None:
    await issuer.keys.refresh()
    token = issuer.signer.token(sid="family-1")
    identity = await issuer.verifier.verify(token)
    assert (identity.employee, identity.device, identity.session) == (
        "employee-1",
        "device-1",
        "family-1",
    )
    assert identity.topics == {"l.location-1.orders", "l.location-1.menu", "d.device-1"}
    assert await issuer.verifier.verify(token) is identity


async def test_token_without_device_or_topics(issuer: Issuer) -> None:
    identity = await issuer.verifier.verify(issuer.signer.token(device=None, topics=...))
    assert (identity.device, identity.session, identity.topics) == (None, None, frozenset())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": int(time.time()) - 60}, "token_expired"),
        ({"iat": int(time.time()) + 600}, "token_invalid"),
        ({"aud": ["fynlo-api"]}, "token_invalid"),
        ({"aud": ...}, "token_invalid"),
        ({"iss": "someone"}, "token_invalid"),
        ({"iss": ...}, "token_invalid"),
        ({"exp": ...}, "token_invalid"),
        ({"iat": ...}, "token_invalid"),
        ({"jti": ...}, "token_invalid"),
        ({"sub": ...}, "token_invalid"),
        ({"sub": ""}, "token_invalid"),
        ({"device": 7}, "token_invalid"),
        ({"topics": "l.location-1.orders"}, "token_invalid"),
        ({"topics": [1]}, "token_invalid"),
    ],
)
async def test_wrong_claims(issuer: Issuer, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(TokenError) as caught:
        await issuer.verifier.verify(issuer.signer.token(**changes))
    assert caught.value.code == code


def forgeries(signer: Signer) -> dict[str, str]:
    claims, good = signer.claims(), signer.token()
    head, body, signature = good.split(".")
    public = signer.keys["k1"].public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def mac(secret: bytes) -> str:
        text = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'})}.{_part(claims)}"
        return f"{text}.{_part(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"

    stranger = Ed25519PrivateKey.generate()
    return {
        "no algorithm": f"{_part({'alg': 'none', 'kid': 'k1'})}.{_part(claims)}.",
        "none, old signature": f"{_part({'alg': 'none', 'kid': 'k1'})}.{body}.{signature}",
        "MAC with the public key as PEM": mac(pem),
        "MAC with the raw public key": mac(raw),
        "another key, our kid": jwt.encode(claims, stranger, algorithm="EdDSA", headers={"kid": "k1"}),
        "unknown kid": jwt.encode(claims, stranger, algorithm="EdDSA", headers={"kid": "k9"}),
        "no kid": jwt.encode(claims, signer.keys["k1"], algorithm="EdDSA"),
        "kid of another type": f"{_part({'alg': 'EdDSA', 'kid': ['k1']})}.{body}.{signature}",
        "changed claims": f"{head}.{_part({**claims, 'sub': 'owner'})}.{signature}",
        "no signature": f"{head}.{body}.",
        "deep header": f"{_part(b'[' * 5000)}.{body}.{signature}",
        "two parts": f"{head}.{body}",
        "not a token": "hello",
        "not even text": "\ud800",
        "empty": "",
        "huge": "a" * 20_000,
    }


@pytest.mark.parametrize("name", forgeries(Signer()))
async def test_forgeries(issuer: Issuer, name: str) -> None:
    with pytest.raises(TokenError) as caught:
        await issuer.verifier.verify(forgeries(issuer.signer)[name])
    assert caught.value.code == "token_invalid"


async def test_unknown_kid_asks_again_but_not_at_the_client_s_pace(issuer: Issuer) -> None:
    stranger = Signer()
    for _ in range(50):
        with pytest.raises(TokenError):
            await issuer.verifier.verify(_unknown(stranger))
    assert issuer.fetches == 1
    issuer.clock.now += 5
    with pytest.raises(TokenError):
        await issuer.verifier.verify(_unknown(stranger))
    assert issuer.fetches == 2


def _unknown(signer: Signer) -> str:
    return jwt.encode(signer.claims(), signer.keys["k1"], algorithm="EdDSA", headers={"kid": "k7"})


async def test_rotation(issuer: Issuer) -> None:
    old = issuer.signer.token()
    await issuer.verifier.verify(old)
    issuer.signer.keys["k2"] = Ed25519PrivateKey.generate()
    issuer.clock.now += 5
    assert (await issuer.verifier.verify(issuer.signer.token("k2"))).employee == "employee-1"
    assert (await issuer.verifier.verify(old)).employee == "employee-1"
    del issuer.signer.keys["k1"]
    issuer.clock.now += 5
    await issuer.keys.refresh()
    with pytest.raises(TokenError):
        await issuer.verifier.verify(old)


async def test_keys_survive_an_issuer_that_is_down(issuer: Issuer) -> None:
    await issuer.keys.refresh()
    issuer.is_down = True
    issuer.clock.now += 5
    await issuer.keys.refresh()
    assert len(issuer.keys) == 1
    await issuer.verifier.verify(issuer.signer.token())


@pytest.mark.parametrize("document", [None, [], {}, {"keys": 3}])
async def test_document_that_is_no_key_set(document: Any) -> None:
    with pytest.raises(ValueError, match="not a JSON Web Key Set"):
        parse_keys(document)


async def test_other_kinds_of_key_are_passed_over(signer: Signer) -> None:
    document = signer.jwks()
    document["keys"] += [{"kty": "oct", "kid": "k1", "k": "c2VjcmV0"}, "nonsense", {"kty": "RSA"}]
    assert list(parse_keys(document)) == ["k1"]

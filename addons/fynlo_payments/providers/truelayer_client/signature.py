"""Tl-Signature: a detached JWS (ES512) over method, path, chosen headers and body."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from ..connection import NotificationRefused

COORDINATE = 66  # bytes of a P-521 coordinate
LONGEST = 4096
TIMESTAMP = "x-tl-webhook-timestamp"
ES512 = ec.ECDSA(hashes.SHA512())


@dataclass(frozen=True, slots=True)
class Request:
    """What is signed. ``headers`` are those that a signature may cover."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def sign(request: Request, key_id: str, private_key: bytes) -> str:
    """The Tl-Signature of a request, over all its ``headers``. ``private_key`` is PEM on P-521."""
    key = serialization.load_pem_private_key(private_key, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP521R1):
        raise ValueError("TrueLayer signs with a key on P-521")
    return sign_header(request, {"alg": "ES512", "kid": key_id, "tl_version": "2"}, key)


def sign_header(request: Request, members: Mapping[str, Any], key: ec.EllipticCurvePrivateKey) -> str:
    """A signature whose header has these ``members`` (a notification names its key set there)."""
    header = _encode(json.dumps({**members, "tl_headers": ",".join(request.headers)}, separators=(",", ":")).encode())
    payload = _payload(request, list(request.headers.items()), request.path)
    r, s = decode_dss_signature(key.sign(_signed(header, payload), ES512))
    return f"{header}..{_encode(r.to_bytes(COORDINATE, 'big') + s.to_bytes(COORDINATE, 'big'))}"


def verify_notification(
    request: Request, signature: str, key_set: str, key_of: Callable[[str], ec.EllipticCurvePublicKey]
) -> None:
    """Raises :class:`NotificationRefused` unless a key of exactly ``key_set`` signed this request.

    The address named in the signature is compared before ``key_of`` is asked for any key.
    """
    header, encoded, signed = _parts(signature)
    if header.get("jku") != key_set:
        raise NotificationRefused("signed with keys of another place")
    names = [name for name in str(header.get("tl_headers") or "").split(",") if name]
    if TIMESTAMP not in (name.lower() for name in names):
        raise NotificationRefused("the time is not signed")
    key = key_of(str(header.get("kid")))
    _check(request, names, encoded, signed, key)


def verify_request(request: Request, signature: str, key: ec.EllipticCurvePublicKey) -> None:
    """Raises :class:`NotificationRefused` unless ``key`` signed this request."""
    header, encoded, signed = _parts(signature)
    names = [name for name in str(header.get("tl_headers") or "").split(",") if name]
    _check(request, names, encoded, signed, key)


def public_key(key: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    """The P-521 key of a JWK. Raises :class:`NotificationRefused` for anything else."""
    if (key.get("kty"), key.get("crv")) != ("EC", "P-521"):
        raise NotificationRefused("the key is of another kind")
    try:
        x, y = (int.from_bytes(_decode(str(key.get(name))), "big") for name in "xy")
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP521R1()).public_key()
    except ValueError as wrong:
        raise NotificationRefused("the key is damaged") from wrong


def _parts(signature: str) -> tuple[Mapping[str, Any], str, bytes]:
    """(header, header as sent, r and s) of a detached signature."""
    parts = signature.split(".")
    if len(signature) > LONGEST or len(parts) != 3 or parts[1]:
        raise NotificationRefused("no detached signature")
    try:
        header, signed = json.loads(_decode(parts[0])), _decode(parts[2])
    except (ValueError, RecursionError) as wrong:
        raise NotificationRefused("the signature is damaged") from wrong
    if not isinstance(header, dict) or (header.get("alg"), header.get("tl_version")) != ("ES512", "2"):
        raise NotificationRefused("the signature is of another kind")
    if len(signed) != 2 * COORDINATE:
        raise NotificationRefused("the signature has another length")
    return header, parts[0], signed


def _check(request: Request, names: list[str], header: str, signed: bytes, key: ec.EllipticCurvePublicKey) -> None:
    given = {name.lower(): value for name, value in request.headers.items()}
    if any(name.lower() not in given for name in names):
        raise NotificationRefused("a signed header is missing")
    covered = [(name, given[name.lower()]) for name in names]
    numbers = encode_dss_signature(
        int.from_bytes(signed[:COORDINATE], "big"), int.from_bytes(signed[COORDINATE:], "big")
    )
    # a proxy may add or drop one slash at the end
    other = request.path[:-1] if request.path.endswith("/") else f"{request.path}/"
    for path in (request.path, other):
        try:
            return key.verify(numbers, _signed(header, _payload(request, covered, path)), ES512)
        except InvalidSignature:
            continue
    raise NotificationRefused("the signature is of another request")


def _payload(request: Request, headers: list[tuple[str, str]], path: str) -> bytes:
    lines = "".join(f"{name}: {value}\n" for name, value in headers)
    return f"{request.method.upper()} {path}\n{lines}".encode(errors="replace") + request.body


def _signed(header: str, payload: bytes) -> bytes:
    return f"{header}.{_encode(payload)}".encode()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Bytes of strict base64url. Raises ``ValueError``."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as wrong:
        raise ValueError("not base64url") from wrong

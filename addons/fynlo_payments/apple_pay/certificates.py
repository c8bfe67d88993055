"""Apple Pay's certificates: what kind they are, whose, until when, and which private key they belong to."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from .decryption import ProcessingKey

MERCHANT_ID_HASH = x509.ObjectIdentifier("1.2.840.113635.100.6.32")
IDENTITY, PROCESSING = "merchant_identity", "payment_processing"
MAX_BYTES = 32 * 1024

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class CertificateUnusable(ValueError):
    """``code`` says what is wrong: ``not_a_certificate``, ``not_apple_pay``, ``not_a_key``, ``other_key``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class ApplePayCertificate:
    """``public_key_hash`` is written as tokens name it: base64 of the SHA-256 of the public key."""

    kind: str
    merchant_id: str
    public_key_hash: str
    valid_from: datetime
    expires_at: datetime
    pem: str
    merchant_id_hash: bytes = b""


def read_certificate(raw: bytes) -> ApplePayCertificate:
    """PEM or DER, as Apple's developer site hands it out. Raises :class:`CertificateUnusable`."""
    certificate = _load(raw)
    merchant_id = _merchant_id(certificate)
    hashed = _merchant_id_hash(certificate)
    return ApplePayCertificate(
        kind=PROCESSING if _is_processing(certificate) else IDENTITY,
        merchant_id=merchant_id,
        public_key_hash=key_hash(certificate.public_key()),
        valid_from=certificate.not_valid_before_utc,
        expires_at=certificate.not_valid_after_utc,
        pem=certificate.public_bytes(Encoding.PEM).decode(),
        merchant_id_hash=hashed or hashlib.sha256(merchant_id.encode()).digest(),
    )


def read_private_key(raw: bytes, certificate: ApplePayCertificate) -> PrivateKey:
    """The key of ``certificate`` from an unencrypted PEM. Raises :class:`CertificateUnusable`."""
    try:
        key = load_pem_private_key(raw, None)
    except (ValueError, TypeError):
        raise CertificateUnusable("not_a_key") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise CertificateUnusable("not_a_key")
    if key_hash(key.public_key()) != certificate.public_key_hash:
        raise CertificateUnusable("other_key")
    return key


def processing_key(raw: bytes, certificate: ApplePayCertificate) -> ProcessingKey:
    """What opens the tokens made for ``certificate``. Raises :class:`CertificateUnusable`."""
    return ProcessingKey(read_private_key(raw, certificate), certificate.merchant_id_hash)


def _load(raw: bytes) -> x509.Certificate:
    if len(raw) > MAX_BYTES:
        raise CertificateUnusable("not_a_certificate")
    try:
        if b"-----BEGIN CERTIFICATE-----" in raw:
            return x509.load_pem_x509_certificate(raw)
        return x509.load_der_x509_certificate(raw)
    except ValueError:
        raise CertificateUnusable("not_a_certificate") from None


def _merchant_id(certificate: x509.Certificate) -> str:
    """Apple writes it as the subject's user id."""
    named = certificate.subject.get_attributes_for_oid(NameOID.USER_ID)
    if len(named) != 1 or not str(named[0].value).startswith("merchant."):
        raise CertificateUnusable("not_apple_pay")
    return str(named[0].value)


def _merchant_id_hash(certificate: x509.Certificate) -> bytes:
    """The extension holds the hash as hex text behind two bytes of DER; empty without it."""
    try:
        value = certificate.extensions.get_extension_for_oid(MERCHANT_ID_HASH).value
        return bytes.fromhex(value.value[2:].decode()) if isinstance(value, x509.UnrecognizedExtension) else b""
    except x509.ExtensionNotFound:
        return b""
    except (ValueError, x509.DuplicateExtension):
        raise CertificateUnusable("not_apple_pay") from None


def _is_processing(certificate: x509.Certificate) -> bool:
    """By the name Apple gives it: ``Apple Pay Payment Processing:merchant.…``; else by the kind of its key."""
    names = [str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if any("Merchant Identity" in name for name in names):
        return False
    if any("Payment Processing" in name for name in names):
        return True
    return isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)


def key_hash(key: object) -> str:
    """base64 of the SHA-256 of a public key, as tokens name it. Raises :class:`CertificateUnusable`."""
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise CertificateUnusable("not_apple_pay")
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()

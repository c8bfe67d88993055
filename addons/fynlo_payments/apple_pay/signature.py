"""Whether a payment token was signed by Apple: chain, digest, signature and time, in that order."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from .token import Token, TokenRefused

APPLE_ROOT = Path(__file__).with_name("apple_root_ca_g3.pem")
APPLE_ROOT_SHA256 = "63343abfb89a6a03ebb57e9b3f5fa7be7c4f5c756f3017b3a8c488c3653e9179"
LEAF_MARK = x509.ObjectIdentifier("1.2.840.113635.100.6.29")
INTERMEDIATE_MARK = x509.ObjectIdentifier("1.2.840.113635.100.6.2.14")
#: How far the device's clock may be from ours.
TOLERANCE = timedelta(minutes=5)
MAX_CERTIFICATES = 4

_EC_SIGNATURES = {"sha256_ecdsa"}
_RSA_SIGNATURES = {"sha256_rsa", "rsassa_pkcs1v15"}


@dataclass(frozen=True, slots=True)
class _Signed:
    """What of the CMS the checks need."""

    signer: Any
    attributes: dict[str, Any]
    certificates: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class _Chain:
    leaf: x509.Certificate
    intermediate: x509.Certificate
    root: x509.Certificate

    @property
    def all(self) -> tuple[x509.Certificate, ...]:
        return self.leaf, self.intermediate, self.root


@lru_cache(maxsize=1)
def apple_root() -> x509.Certificate:
    """Apple Root CA - G3. Raises ``RuntimeError`` if the file is not the pinned certificate."""
    root = x509.load_pem_x509_certificate(APPLE_ROOT.read_bytes())
    if root.fingerprint(SHA256()).hex() != APPLE_ROOT_SHA256:
        raise RuntimeError("apple_root_ca_g3.pem is not Apple Root CA - G3")
    return root


def verify(token: Token, root: x509.Certificate, received_at: datetime) -> None:
    """Raises :class:`TokenRefused` unless ``token`` was signed under ``root``, just before ``received_at``."""
    try:
        signed = _read(token.signature)
        chain = _chain(signed, root)
        _check_digest(signed, token.signed)
        _check_signature(signed, chain.leaf)
        _check_time(_one(signed, "signing_time").native, chain, received_at)
    except (ValueError, TypeError, KeyError):  # the message is parsed as far as it is read
        raise TokenRefused("signature_malformed") from None


def _read(raw: bytes) -> _Signed:
    content = cms.ContentInfo.load(raw, strict=True)
    if content["content_type"].native != "signed_data":
        raise TokenRefused("signature_malformed")
    data = content["content"]
    signers = data["signer_infos"]
    given = data["certificates"]
    if len(signers) != 1 or not 2 <= len(given) <= MAX_CERTIFICATES or data["encap_content_info"]["content"]:
        raise TokenRefused("signature_malformed")
    return _Signed(signers[0], _attributes(signers[0]), tuple(_certificate(each) for each in given))


def _certificate(given: Any) -> x509.Certificate:
    if given.name != "certificate":
        raise TokenRefused("signature_malformed")
    return x509.load_der_x509_certificate(given.chosen.dump())


def _attributes(signer: Any) -> dict[str, Any]:
    """The signed attributes by name; each once and with one value."""
    found = {}
    for attribute in signer["signed_attrs"]:
        name = attribute["type"].native
        if name in found or len(attribute["values"]) != 1:
            raise TokenRefused("signature_malformed")
        found[name] = attribute["values"][0]
    return found


def _one(signed: _Signed, name: str) -> Any:
    if name not in signed.attributes:
        raise TokenRefused("signature_malformed")
    return signed.attributes[name]


def _chain(signed: _Signed, root: x509.Certificate) -> _Chain:
    """Leaf and intermediate by Apple's marks, each signed by the one above, the leaf being the signer's."""
    leaves = [each for each in signed.certificates if _has(each, LEAF_MARK)]
    intermediates = [each for each in signed.certificates if _has(each, INTERMEDIATE_MARK)]
    if len(leaves) != 1 or len(intermediates) != 1 or leaves == intermediates:
        raise TokenRefused("chain_untrusted")
    chain = _Chain(leaves[0], intermediates[0], root)
    try:
        chain.intermediate.verify_directly_issued_by(root)
        chain.leaf.verify_directly_issued_by(chain.intermediate)
    except (InvalidSignature, ValueError, TypeError):
        raise TokenRefused("chain_untrusted") from None
    if not _is_authority(chain.intermediate) or _is_authority(chain.leaf) or not _signed_by(signed.signer, chain.leaf):
        raise TokenRefused("chain_untrusted")
    return chain


def _has(certificate: x509.Certificate, mark: x509.ObjectIdentifier) -> bool:
    return any(extension.oid == mark for extension in _extensions(certificate))


def _extensions(certificate: x509.Certificate) -> x509.Extensions:
    try:
        return certificate.extensions
    except (ValueError, x509.DuplicateExtension):
        raise TokenRefused("chain_untrusted") from None


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(_extensions(certificate).get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False


def _signed_by(signer: Any, leaf: x509.Certificate) -> bool:
    """Whether the signer names the leaf, by issuer and serial number."""
    named = signer["sid"]
    if named.name != "issuer_and_serial_number":
        return False
    issuer: bytes = named.chosen["issuer"].dump()
    return bool(named.chosen["serial_number"].native == leaf.serial_number and issuer == leaf.issuer.public_bytes())


def _check_digest(signed: _Signed, content: bytes) -> None:
    if signed.signer["digest_algorithm"]["algorithm"].native != "sha256":
        raise TokenRefused("signature_malformed")
    digest = _one(signed, "message_digest").native
    if _one(signed, "content_type").native != "data" or not isinstance(digest, bytes):
        raise TokenRefused("signature_malformed")
    if not hmac.compare_digest(digest, hashlib.sha256(content).digest()):
        raise TokenRefused("digest_mismatch")


def _check_signature(signed: _Signed, leaf: x509.Certificate) -> None:
    """The signature covers the attributes as a SET, not under the tag they carry in the message."""
    covered = signed.signer["signed_attrs"].untag().dump()
    algorithm = signed.signer["signature_algorithm"]["algorithm"].native
    signature, key = signed.signer["signature"].native, leaf.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and algorithm in _EC_SIGNATURES:
            key.verify(signature, covered, ec.ECDSA(SHA256()))
        elif isinstance(key, rsa.RSAPublicKey) and algorithm in _RSA_SIGNATURES:
            key.verify(signature, covered, padding.PKCS1v15(), SHA256())
        else:
            raise TokenRefused("signature_malformed")
    except InvalidSignature:
        raise TokenRefused("signature_invalid") from None


def _check_time(signing_time: Any, chain: _Chain, received_at: datetime) -> None:
    if not isinstance(signing_time, datetime):
        raise TokenRefused("signature_malformed")
    moment = signing_time.astimezone(UTC)
    if abs(received_at - moment) > TOLERANCE:
        raise TokenRefused("signing_time")
    for certificate in chain.all:
        if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
            raise TokenRefused("signing_time")

"""Makes Apple Pay tokens as devices do, signed under a root of the test's own, with Apple's marks and names."""

import base64
import hashlib
import json
import os
from datetime import UTC, datetime, timedelta

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from ...apple_pay.decryption import derived_key
from ...apple_pay.signature import INTERMEDIATE_MARK, LEAF_MARK

NOW = datetime(2026, 11, 28, 20, 15, tzinfo=UTC)
MERCHANT = "merchant.example.bistro"
CARD = {
    "applicationPrimaryAccountNumber": "4111111111111111",
    "applicationExpirationDate": "301231",
    "currencyCode": "826",
    "transactionAmount": 1250,
    "deviceManufacturerIdentifier": "040010030273",
    "paymentDataType": "3DSecure",
    "paymentData": {"onlinePaymentCryptogram": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "eciIndicator": "7"},
}


def name(common, user_id=None):
    parts = [
        x509.NameAttribute(NameOID.COMMON_NAME, common),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Apple Inc."),
    ]
    if user_id:
        parts.append(x509.NameAttribute(NameOID.USER_ID, user_id))
    return x509.Name(parts)


def certificate(subject, key, issuer=None, issuer_key=None, *, authority=False, marks=(), begins=None, ends=None):
    """A certificate, by itself when no issuer is given."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins or NOW - timedelta(days=30))
        .not_valid_after(ends or NOW + timedelta(days=365))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
    )
    for mark in marks:
        builder = builder.add_extension(x509.UnrecognizedExtension(mark, b"\x05\x00"), critical=False)
    return builder.sign(issuer_key or key, SHA256())


def pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def merchant_certificate(kind, key, merchant=MERCHANT, ends=None):
    """A merchant's certificate as Apple names it, by itself."""
    subject = name(f"Apple Pay {kind}:{merchant}", merchant)
    return certificate(subject, key, ends=ends).public_bytes(Encoding.PEM)


class TokenMaker:
    """One chain and one merchant. Parts of the chain may be made wrong by the arguments of ``chain``."""

    def __init__(self, **chain):
        self.merchant_key = ec.generate_private_key(ec.SECP256R1())
        self.rsa_key = rsa.generate_private_key(65537, 2048)
        self.root_key, middle_key, self.leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _each in range(3))
        self.root = certificate(name("Apple Root CA - G3"), self.root_key, authority=True)
        self.intermediate = certificate(
            name("Apple Application Integration CA - G3"), middle_key, self.root, self.root_key,
            authority=chain.get("intermediate_authority", True), marks=chain.get("intermediate_marks", [INTERMEDIATE_MARK]),
        )  # fmt: skip
        self.leaf = certificate(
            name("ecc-smp-broker-sign_UC4-PROD"), self.leaf_key, self.intermediate, middle_key,
            authority=chain.get("leaf_authority", False), marks=chain.get("leaf_marks", [LEAF_MARK]), ends=chain.get("leaf_ends"),
        )  # fmt: skip

    def ec_token(self, card=CARD, asked=None, **signing):
        """An EC_v1 token; ``asked`` is what the payment request carried."""
        ephemeral = ec.generate_private_key(ec.SECP256R1())
        secret = ephemeral.exchange(ec.ECDH(), self.merchant_key.public_key())
        symmetric = derived_key(secret, hashlib.sha256(MERCHANT.encode()).digest())
        material = ephemeral.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return self._token("EC_v1", "ephemeralPublicKey", material, symmetric, self.merchant_key, card, asked, signing)

    def rsa_token(self, card=CARD, asked=None, key_bytes=16, **signing):
        symmetric = os.urandom(key_bytes)
        scheme = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)
        material = self.rsa_key.public_key().encrypt(symmetric, scheme)
        return self._token("RSA_v1", "wrappedKey", material, symmetric, self.rsa_key, card, asked, signing)

    def _token(self, version, material_name, material, symmetric, key, card, asked, signing):
        data = AESGCM(symmetric).encrypt(bytes(16), json.dumps(card).encode(), None)
        transaction = os.urandom(32)
        bound = hashlib.sha256(asked).digest() if asked is not None else b""
        spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        header = {
            material_name: base64.b64encode(material).decode(),
            "publicKeyHash": base64.b64encode(hashlib.sha256(spki).digest()).decode(),
            "transactionId": transaction.hex(),
        }
        if asked is not None:
            header["applicationData"] = bound.hex()
        signature = self.signature(material + data + transaction + bound, **signing)
        return {
            "version": version,
            "data": base64.b64encode(data).decode(),
            "signature": base64.b64encode(signature).decode(),
            "header": header,
        }

    def signature(
        self, content, signed_at=NOW, signers=1, certificates=None, named=None, signing_key=None, repeat=False
    ):
        """A detached CMS over ``content``."""
        attributes = [
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            cms.CMSAttribute({"type": "signing_time", "values": [cms.Time({"utc_time": signed_at})]}),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(content).digest()]}),
        ]
        if repeat:
            attributes.append(attributes[-1].copy())
        attributes = cms.CMSAttributes(attributes)
        named = named or self.leaf
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    "issuer_and_serial_number",
                    {"issuer": asn1_x509.Name.load(named.issuer.public_bytes()), "serial_number": named.serial_number},
                ),
                "digest_algorithm": {"algorithm": "sha256"},
                "signed_attrs": attributes,
                "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                "signature": (signing_key or self.leaf_key).sign(attributes.dump(), ec.ECDSA(SHA256())),
            }
        )
        given = certificates or (self.leaf, self.intermediate)
        signed = cms.SignedData(
            {
                "version": "v1",
                "digest_algorithms": [{"algorithm": "sha256"}],
                "encap_content_info": {"content_type": "data"},
                "certificates": [asn1_x509.Certificate.load(each.public_bytes(Encoding.DER)) for each in given],
                "signer_infos": [signer] * signers,
            }
        )
        return cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()

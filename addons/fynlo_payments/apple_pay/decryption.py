"""Opening a verified payment token with the merchant's processing key, and reading what is inside."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Annotated, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .token import RSA, Token, TokenRefused

_IV = bytes(16)
_TAG_BYTES = 16
_RSA_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class ProcessingKey:
    """A payment processing key. ``merchant_id_hash`` is the SHA-256 of the merchant id, from its certificate."""

    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = field(repr=False)
    merchant_id_hash: bytes


class _Sensitive(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)


class Cryptogram(_Sensitive):
    """Proof of the device for one payment. Never stored, never logged."""

    onlinePaymentCryptogram: Annotated[str, Field(repr=False, min_length=1, max_length=512)]
    eciIndicator: Annotated[str, Field(pattern=r"^[0-9]{1,2}$")] | None = None


class CardData(_Sensitive):
    """What a token holds. It is passed on to the card network and then forgotten; its text shows no number."""

    applicationPrimaryAccountNumber: Annotated[str, Field(repr=False, pattern=r"^[0-9]{12,19}$")]
    applicationExpirationDate: Annotated[str, Field(repr=False, pattern=r"^[0-9]{6}$")]
    currencyCode: Annotated[str, Field(pattern=r"^[0-9]{3}$")]
    transactionAmount: Annotated[int, Field(ge=0)]
    cardholderName: Annotated[str | None, Field(repr=False)] = None
    deviceManufacturerIdentifier: Annotated[str, Field(repr=False, max_length=64)]
    paymentDataType: Literal["3DSecure"]
    paymentData: Cryptogram

    @property
    def last4(self) -> str:
        """The last digits of the device's number, not of the guest's card."""
        return self.applicationPrimaryAccountNumber[-4:]


def open_data(token: Token, key: ProcessingKey) -> CardData:
    """Decrypt a token whose signature was verified. Raises :class:`TokenRefused` (``undecipherable``)."""
    try:
        symmetric = _unwrapped_key(token, key) if token.version == RSA else _agreed_key(token, key)
        if len(token.data) <= _TAG_BYTES:
            raise ValueError("no data before the tag")
        return CardData.model_validate_json(AESGCM(symmetric).decrypt(_IV, token.data, None))
    except (ValueError, TypeError, InvalidTag, ValidationError):
        raise TokenRefused("undecipherable") from None  # the cause may quote what was decrypted


def shared_secret(material: bytes, private: ec.EllipticCurvePrivateKey) -> bytes:
    """ECDH on P-256 with the device's ephemeral key. Raises ``ValueError`` for a key of another kind."""
    public = load_der_public_key(material)
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise ValueError("not a P-256 key")
    return private.exchange(ec.ECDH(), public)


def derived_key(secret: bytes, merchant_id_hash: bytes) -> bytes:
    """The AES key by NIST SP 800-56A with Apple's party information."""
    material = b"\0\0\0\1" + secret + b"\x0did-aes256-GCM" + b"Apple" + merchant_id_hash
    return hashlib.sha256(material).digest()


def _agreed_key(token: Token, key: ProcessingKey) -> bytes:
    if not isinstance(key.private, ec.EllipticCurvePrivateKey):
        raise ValueError("the key is not of this version")
    return derived_key(shared_secret(token.key_material, key.private), key.merchant_id_hash)


def _unwrapped_key(token: Token, key: ProcessingKey) -> bytes:
    if not isinstance(key.private, rsa.RSAPrivateKey):
        raise ValueError("the key is not of this version")
    scheme = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)
    symmetric = key.private.decrypt(token.key_material, scheme)
    if len(symmetric) != _RSA_KEY_BYTES:
        raise ValueError("the wrapped key has another length")
    return symmetric


@dataclass(frozen=True, slots=True)
class Expected:
    """What the payment is of. ``currency`` is ISO 4217's number (``"826"``), ``amount`` in minor units.

    ``application_data`` is what our payment request carried; ``None`` if it carried none.
    """

    amount: int
    currency: str
    application_data: bytes | None = None

    def check_request(self, token: Token) -> None:
        """Raises :class:`TokenRefused` unless the token answers this very request."""
        asked = b"" if self.application_data is None else hashlib.sha256(self.application_data).digest()
        if not hmac.compare_digest(token.application_data, asked):
            raise TokenRefused("application_data")

    def check_money(self, card: CardData) -> None:
        """Raises :class:`TokenRefused` unless the guest agreed to this amount."""
        if card.currencyCode != self.currency:
            raise TokenRefused("wrong_currency")
        if card.transactionAmount != self.amount:
            raise TokenRefused("wrong_amount")

"""An encrypted payment token as Apple's devices make it, read strictly; nothing is verified here."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_TOKEN_BYTES = 32 * 1024
EC, RSA = "EC_v1", "RSA_v1"

_Base64 = Annotated[str, Field(min_length=4, max_length=MAX_TOKEN_BYTES)]
_Hex = Annotated[str, Field(pattern=r"^([0-9a-fA-F]{2})+$", max_length=256)]


class TokenRefused(Exception):
    """A token that must not be charged. ``code`` says which check it failed; no part of the token is kept."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class _Header(_Strict):
    ephemeralPublicKey: _Base64 | None = None
    wrappedKey: _Base64 | None = None
    publicKeyHash: _Base64
    transactionId: _Hex
    applicationData: _Hex | None = None


class _PaymentData(_Strict):
    version: Literal["EC_v1", "RSA_v1"]
    data: _Base64
    signature: _Base64
    header: _Header


@dataclass(frozen=True, slots=True)
class Token:
    """``key_material`` is the ephemeral public key (EC_v1) or the wrapped key (RSA_v1).

    ``application_data`` is the SHA-256 of what the payment request carried; empty when it carried none.
    """

    version: str
    data: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    key_material: bytes = field(repr=False)
    public_key_hash: str
    transaction_id: bytes
    application_data: bytes

    @property
    def signed(self) -> bytes:
        """The bytes that Apple signs, in its order."""
        return self.key_material + self.data + self.transaction_id + self.application_data


def read_token(raw: bytes) -> Token:
    """The ``paymentData`` JSON as a :class:`Token`. Raises :class:`TokenRefused` (``malformed``)."""
    if len(raw) > MAX_TOKEN_BYTES:
        raise TokenRefused("malformed")
    try:
        sent = _PaymentData.model_validate_json(raw)
        return _token(sent)
    except (ValidationError, binascii.Error, ValueError):
        raise TokenRefused("malformed") from None  # the cause quotes what was sent


def _token(sent: _PaymentData) -> Token:
    header = sent.header
    material, other = header.ephemeralPublicKey, header.wrappedKey
    if sent.version == RSA:
        material, other = other, material
    if material is None or other is not None:
        raise ValueError("the version and the key do not fit")
    return Token(
        version=sent.version,
        data=_decoded(sent.data),
        signature=_decoded(sent.signature),
        key_material=_decoded(material),
        public_key_hash=header.publicKeyHash,
        transaction_id=bytes.fromhex(header.transactionId),
        application_data=bytes.fromhex(header.applicationData or ""),
    )


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)

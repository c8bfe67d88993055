"""Private keys of Apple Pay certificates: files that only the server's own user can read, never rows of a database."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from .certificates import IDENTITY, MAX_BYTES, ApplePayCertificate, PrivateKey, key_hash, read_private_key

#: Bits of a file's mode that let others than its owner at it.
OTHERS = 0o077


class KeyUnusable(Exception):
    """``code`` is ``key_missing`` or ``key_exposed`` (others than the server's user may read the file)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class KeyStore:
    """The keys of one company in a folder of its own. A key's file is named after its public key's hash."""

    folder: Path

    def request(self, kind: str, merchant_id: str) -> tuple[str, str]:
        """A new key of the kind that Apple asks for: its signing request (PEM) and its public key's hash."""
        key: PrivateKey = (
            rsa.generate_private_key(65537, 2048) if kind == IDENTITY else ec.generate_private_key(ec.SECP256R1())
        )
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, merchant_id)])
        wish = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, SHA256())
        name = key_hash(key.public_key())
        self._write(f"{file_name(name)}.key", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return wish.public_bytes(Encoding.PEM).decode(), name

    def keep(self, raw: bytes, certificate: ApplePayCertificate) -> None:
        """Write the key of ``certificate``. May be repeated. Raises :class:`CertificateUnusable`."""
        key = read_private_key(raw[: MAX_BYTES + 1], certificate)
        name = f"{file_name(certificate.public_key_hash)}.key"
        self._write(name, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def key_file(self, public_key_hash: str) -> Path:
        """Where the key lies. Raises :class:`KeyUnusable` when it is not there, or is there for everybody."""
        file = self.folder / f"{file_name(public_key_hash)}.key"
        try:
            mode = file.stat().st_mode
        except OSError:
            raise KeyUnusable("key_missing") from None
        if mode & OTHERS:
            raise KeyUnusable("key_exposed")
        return file

    def certificate_file(self, pem: str) -> Path:
        """The certificate as a file beside its key; written when it is not there, as after a restore."""
        file = self.folder / f"{sha256(pem.encode()).hexdigest()}.crt"
        if not file.exists():
            self._write(file.name, pem.encode())
        return file

    def _write(self, name: str, raw: bytes) -> None:
        """The file is there whole or not at all, and nobody else could read it at any moment."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
                os.fchmod(file.fileno(), 0o400)
                os.fsync(file.fileno())
            Path(draft).replace(self.folder / name)
        except OSError:
            with contextlib.suppress(OSError):
                Path(draft).unlink()
            raise


def file_name(public_key_hash: str) -> str:
    """The hash as a name of a file. Raises ``ValueError`` for what is no SHA-256."""
    try:
        raw = base64.b64decode(public_key_hash, validate=True)
    except binascii.Error:
        raise ValueError("not a hash") from None
    if len(raw) != sha256().digest_size:
        raise ValueError("not a hash")
    return raw.hex()

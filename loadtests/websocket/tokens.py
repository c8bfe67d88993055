"""An issuer of access tokens for a load test, whose public key is served as Odoo serves its own."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import OKPAlgorithm

KID = "load"
#: Longer than any load test.
LIVES_S = 3600
#: Tills of one location, which a gateway may limit.
TILLS_PER_LOCATION = 25


class Issuer:
    """Signs with one Ed25519 key; the clients' process gets it as PEM."""

    def __init__(self, pem: str = "") -> None:
        key = load_pem_private_key(pem.encode(), None) if pem else Ed25519PrivateKey.generate()
        assert isinstance(key, Ed25519PrivateKey)
        self._key = key

    @property
    def pem(self) -> str:
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def token(self, number: int, topic: str) -> str:
        """The token of one till: nobody else's device, employee or sign-in."""
        now = int(time.time())
        claims = {
            "iss": "fynlo",
            "aud": ["fynlo-api", "fynlo-ws"],
            "sub": f"employee-{number}",
            "jti": str(uuid.uuid4()),
            "iat": now - 1,
            "exp": now + LIVES_S,
            "device": f"device-{number}",
            "sid": f"sign-in-{number}",
            "location": f"location-{number // TILLS_PER_LOCATION}",
            "company": f"company-{number // TILLS_PER_LOCATION}",
            "role": "server",
            "perm_version": 1,
            "topics": [topic],
        }
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": KID})

    @contextmanager
    def published(self) -> Iterator[str]:
        """The URL of the key set, while it is served."""
        key = {**OKPAlgorithm.to_jwk(self._key.public_key(), as_dict=True), "kid": KID, "use": "sig"}
        server = _serve(json.dumps({"keys": [key]}).encode())
        try:
            yield f"http://127.0.0.1:{server.server_port}/.well-known/jwks.json"
        finally:
            server.shutdown()
            server.server_close()


def _serve(body: bytes) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server

"""An issuer of access tokens for tests, with its JWKS document served over HTTP."""

from __future__ import annotations

import json
import threading
import time
import uuid
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm


class Signer:
    """Signs as Odoo does. ``keys`` may be changed while the document is served."""

    def __init__(self) -> None:
        self.keys = {"k1": Ed25519PrivateKey.generate()}
        self.fetches = 0

    def jwks(self) -> dict[str, Any]:
        return {
            "keys": [
                {**OKPAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}
                for kid, key in self.keys.items()
            ]
        }

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": "fynlo",
            "aud": ["fynlo-api", "fynlo-ws"],
            "sub": "employee-1",
            "jti": str(uuid.uuid4()),
            "iat": now - 1,
            "exp": now + 900,
            "device": "device-1",
            "location": "location-1",
            "company": "company-1",
            "role": "server",
            "perm_version": 1,
            "topics": ["l.location-1.orders", "l.location-1.menu", "d.device-1"],
        }
        return {name: value for name, value in {**claims, **changes}.items() if value is not ...}

    def token(self, kid: str = "k1", **changes: Any) -> str:
        return jwt.encode(self.claims(**changes), self.keys[kid], algorithm="EdDSA", headers={"kid": kid})


class JwksServer:
    """Serves a signer's keys on a free port."""

    def __init__(self, signer: Signer) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                signer.fetches += 1
                body = json.dumps(signer.jwks()).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/.well-known/jwks.json"
        serve = partial(self._server.serve_forever, poll_interval=0.02)
        threading.Thread(target=serve, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

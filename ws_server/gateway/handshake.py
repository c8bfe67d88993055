"""What happens before the upgrade: path, drain, origin, admission, token in the header."""

from __future__ import annotations

import time
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from ..settings import GatewaySettings
from .admission import Admission, client_address
from .attendance import Attendance
from .http_answers import problem
from .hub import Hub
from .identity import Identity, TokenError
from .metrics import Metrics
from .token_verifier import TokenVerifier

__all__ = ["PATH", "AdmittedConnection", "Handshake"]

PATH = "/ws/v1"
CROWDED_RETRY_S = 30


class AdmittedConnection(ServerConnection):
    """A socket that gives back its place however it ends, even half way through the handshake."""

    identity: Identity | None = None
    admission: Admission | None = None
    address = ""

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        super().connection_lost(exc)
        if self.admission is not None:
            self.admission.release(self.address)
            self.admission = None


@dataclass(slots=True)
class Handshake:
    """Decides on each opening handshake; a client without a header may sign in by message."""

    settings: GatewaySettings
    admission: Admission
    verifier: TokenVerifier
    hub: Hub
    attendance: Attendance
    metrics: Metrics
    draining: bool = False

    async def check(self, connection: AdmittedConnection, request: Request) -> Response | None:
        """Return the HTTP error that refuses the handshake, or None and the identity set."""
        refusal = self._refuse_place(connection, request)
        if refusal is None:
            refusal = await self._refuse_token(connection, request)
        if refusal is not None:
            self.metrics.count("fynlo_ws_refused_total", f'status="{refusal.status_code}"')
        return refusal

    def _refuse_place(self, connection: AdmittedConnection, request: Request) -> Response | None:
        # The query is never read: a token in the URL would end in logs, so none is taken there.
        if request.path.partition("?")[0] != PATH:
            return problem(404, "not_found", f"The gateway answers at {PATH}.")
        if self.draining:
            return problem(503, "unavailable", "The gateway is restarting.", 1)
        origins = request.headers.get_all("Origin")
        if any(origin not in self.settings.origins for origin in origins):
            return problem(403, "permission_denied", "This origin is not allowed.")
        address = self._address(connection, request)
        refused = self.admission.admit(address, time.monotonic())
        if refused is not None:
            return problem(refused.status, refused.code, refused.detail, refused.retry_after_s)
        connection.address, connection.admission = address, self.admission
        return None

    async def _refuse_token(self, connection: AdmittedConnection, request: Request) -> Response | None:
        headers = request.headers.get_all("Authorization")
        if not headers:
            return None
        try:
            identity = await self.verifier.verify(_bearer(headers))
        except TokenError as error:
            return self._unauthorised(error.code, error.detail)
        revocation = self.hub.revocations.voids(identity)
        if revocation is not None:
            return self._unauthorised(revocation.reason, "The token's rights were revoked.")
        crowded = self.attendance.sign_ins.crowded(identity)
        if crowded is not None:
            return problem(429, "rate_limited", f"Too many connections of this {crowded}.", CROWDED_RETRY_S)
        connection.identity = identity
        return None

    def _unauthorised(self, code: str, detail: str) -> Response:
        self.metrics.count("fynlo_ws_auth_failures_total", f'code="{code}"')
        return problem(401, code, detail)

    def _address(self, connection: AdmittedConnection, request: Request) -> str:
        peer = connection.remote_address
        forwarded = request.headers.get_all("X-Forwarded-For")
        return client_address(peer[0] if peer else "", forwarded, self.settings.trusted_proxies)


def _bearer(headers: list[str]) -> str:
    scheme, _, token = headers[0].partition(" ")
    if len(headers) > 1 or scheme.lower() != "bearer" or not token.strip():
        raise TokenError("token_invalid", "The Authorization header must be one Bearer token.")
    return token.strip()

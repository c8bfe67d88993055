"""What happens before the upgrade: path, drain, origin, admission, token in the header."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from websockets.http11 import Request, Response

from ..settings import GatewaySettings
from .admission import Place, client_address
from .admitted_connection import AdmittedConnection
from .attendance import Attendance
from .http_answers import problem
from .hub import Hub
from .identity import TokenError
from .metrics import Metrics
from .token_verifier import TokenVerifier

__all__ = ["PATH", "Handshake"]

PATH = "/ws/v1"
CROWDED_RETRY_S = 30


@dataclass(slots=True)
class Handshake:
    """Decides on each opening handshake; a client without a header may sign in by message."""

    settings: GatewaySettings
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
            return problem(503, "unavailable", "The gateway is restarting.", random.randint(1, 3))  # noqa: S311
        origins = request.headers.get_all("Origin")
        if any(origin not in self.settings.origins for origin in origins):
            return problem(403, "permission_denied", "This origin is not allowed.")
        assert connection.place is not None  # one without was hung up on
        refused = connection.place.admit(self._address(connection.place, request), time.monotonic())
        if refused is not None:
            return problem(refused.status, refused.code, refused.detail, refused.retry_after_s)
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
        connection.signed_in()
        del request.headers["Authorization"]  # the request lives as long as the connection: no secret stays in it
        return None

    def _unauthorised(self, code: str, detail: str) -> Response:
        self.metrics.count("fynlo_ws_auth_failures_total", f'code="{code}"')
        return problem(401, code, detail)

    def _address(self, place: Place, request: Request) -> str:
        forwarded = request.headers.get_all("X-Forwarded-For")
        return client_address(place.address, forwarded, self.settings.trusted_proxies)


def _bearer(headers: list[str]) -> str:
    scheme, _, token = headers[0].partition(" ")
    if len(headers) > 1 or scheme.lower() != "bearer" or not token.strip():
        raise TokenError("token_invalid", "The Authorization header must be one Bearer token.")
    return token.strip()

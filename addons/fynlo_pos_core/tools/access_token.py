"""Access tokens: JWTs signed with EdDSA that live for a quarter of an hour."""

import time
from typing import Any

import jwt

from . import signing_keys
from .identifiers import uuid7

ALGORITHM = "EdDSA"
ISSUER = "fynlo"
API = "fynlo-api"
WEBSOCKET = "fynlo-ws"
LIFETIME_S = 900
#: A token may be this much younger than now, for servers whose clocks differ. There is no grace at the end.
CLOCK_SKEW_S = 5
#: Tokens remembered as genuine by a process, some 3 kB each.
MAX_GENUINE = 1_000
REQUIRED = ["iss", "aud", "sub", "jti", "iat", "exp", "sid"]

_genuine: dict[tuple[str, str], tuple[str, Any, dict[str, Any]]] = {}


class TokenInvalid(Exception):
    """Not a token of ours, or not for us."""


class TokenExpired(TokenInvalid):
    """A token of ours whose time is over."""


def issue(claims: dict[str, Any], moment: int | None = None) -> tuple[str, int]:
    """Sign ``claims`` with the newest key; returns the token and when it ends (Unix seconds)."""
    issued_at = int(time.time()) if moment is None else moment
    expires_at = issued_at + LIFETIME_S
    kid, key = signing_keys.ring().signer
    payload = {
        "iss": ISSUER,
        "aud": [API, WEBSOCKET],
        "jti": uuid7(),
        "iat": issued_at,
        "exp": expires_at,
        **claims,
    }
    return jwt.encode(payload, key, algorithm=ALGORITHM, headers={"kid": kid}), expires_at


def read(token: str, audience: str = API) -> dict[str, Any]:
    """The claims of a token that is genuine, current and meant for ``audience``.

    Raises :class:`TokenExpired` or :class:`TokenInvalid`. A token once found genuine is so as long
    as its key is published; only its time is looked at again.
    """
    kid, key, claims = _genuine.get((token, audience)) or ("", None, {})
    if key is None or signing_keys.ring().public.get(kid) is not key:
        return _verify(token, audience)
    if claims["exp"] <= time.time():
        raise TokenExpired
    return claims


def _verify(token: str, audience: str) -> dict[str, Any]:
    """The algorithm is ours to choose: what the header says beside the key's name is only compared."""
    try:
        header = jwt.get_unverified_header(token)
        kid = header.get("kid", "")
        key = signing_keys.ring().public.get(kid)
        if key is None or header.get("alg") != ALGORITHM:
            raise TokenInvalid
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=audience,
            issuer=ISSUER,
            options={"require": REQUIRED, "verify_iat": False},
        )
    except jwt.ExpiredSignatureError as exc:
        raise TokenExpired from exc
    except (jwt.InvalidTokenError, TypeError, ValueError) as exc:
        raise TokenInvalid from exc
    if not isinstance(claims["iat"], int) or claims["iat"] > time.time() + CLOCK_SKEW_S:
        raise TokenInvalid
    if len(_genuine) >= MAX_GENUINE:
        _genuine.clear()
    _genuine[token, audience] = kid, key, claims
    return claims

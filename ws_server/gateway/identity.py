"""Who a connection speaks for, and what they may hear: the claims of a verified token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Identity", "TokenError"]


class TokenError(Exception):
    """A token was refused; ``code`` is one of the API's problem codes."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Identity:
    """The verified claims that the gateway acts on; nothing else a client sends says who it is."""

    employee: str
    device: str | None
    session: str | None  # the family of refresh tokens behind this sign-in
    company: str
    location: str
    role: str
    perm_version: int  # of the company, when the topics were decided
    token_id: str
    topics: frozenset[str]
    issued_at: float
    expires_at: float

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> Identity:
        """Read verified claims; raises ``TokenError`` when one has the wrong type."""
        topics = claims.get("topics", [])
        if not isinstance(topics, list) or not all(isinstance(topic, str) for topic in topics):
            raise TokenError("token_invalid", "The token's topics are not a list of names.")
        return cls(
            employee=_text(claims, "sub"),
            device=_text(claims, "device") if claims.get("device") is not None else None,
            session=_text(claims, "sid") if claims.get("sid") is not None else None,
            company=_text(claims, "company"),
            location=_text(claims, "location"),
            role=_text(claims, "role"),
            perm_version=_whole(claims, "perm_version"),
            token_id=_text(claims, "jti"),
            topics=frozenset(topics),
            issued_at=float(claims["iat"]),
            expires_at=float(claims["exp"]),
        )

    def is_same_party(self, other: Identity) -> bool:
        """Whether a refreshed token may take this one's place on a live connection."""
        return (self.employee, self.device) == (other.employee, other.device)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise TokenError("token_invalid", f"The token's {name} is not a text.")
    return value


def _whole(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int:
        raise TokenError("token_invalid", f"The token's {name} is not a whole number.")
    return value

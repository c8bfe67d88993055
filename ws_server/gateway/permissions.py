"""What changed in who may follow which topics, and what a token of an older version still allows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from .identity import Identity
from .revocations import REMEMBER_S

__all__ = ["PermissionChange", "Permissions", "parse_change"]


@dataclass(frozen=True, slots=True)
class PermissionChange:
    """How things are in a company from ``version`` on: all its roles, and the employees who changed."""

    company: str
    version: int
    at: float
    topics: Mapping[str, frozenset[str]]  # by role; templates with {location} and the like
    employees: Mapping[str, str | None]  # to their role; None for those who have none


@dataclass(frozen=True, slots=True)
class _Standing:
    role: str | None
    version: int
    at: float


class Permissions:
    """The changes that can still matter to a token presented now. They only ever take away.

    What a change adds, the client gets with its next token.
    """

    def __init__(self) -> None:
        self._companies: dict[str, PermissionChange] = {}
        self._employees: dict[str, _Standing] = {}

    def add(self, change: PermissionChange) -> None:
        """Remember; an older version than the one known changes nothing."""
        known = self._companies.get(change.company)
        if known is None or known.version < change.version:
            self._companies[change.company] = change
        for employee, role in change.employees.items():
            standing = self._employees.get(employee)
            if standing is None or standing.version < change.version:
                self._employees[employee] = _Standing(role, change.version, change.at)

    def now_allowed(self, identity: Identity) -> frozenset[str] | None:
        """What a new token would allow; None when this one is not older than the last change."""
        change = self._companies.get(identity.company)
        if change is None or change.version <= identity.perm_version:
            return None
        role: str | None = identity.role
        standing = self._employees.get(identity.employee)
        if standing is not None and standing.version > identity.perm_version:
            role = standing.role
        templates = change.topics.get(role, frozenset()) if role else frozenset()
        claims = _claims(identity)
        return frozenset(topic for template in templates if "{" not in (topic := _expand(template, claims)))

    def narrowed(self, identity: Identity) -> Identity:
        """The identity without the topics that its token allows no longer."""
        allowed = self.now_allowed(identity)
        return identity if allowed is None else replace(identity, topics=identity.topics & allowed)

    def forget_before(self, now: float) -> None:
        """Drop what no living token can be touched by."""
        oldest = now - REMEMBER_S
        self._companies = {key: one for key, one in self._companies.items() if one.at >= oldest}
        self._employees = {key: one for key, one in self._employees.items() if one.at >= oldest}


def parse_change(frame: bytes) -> PermissionChange | None:
    """Read a control event; None when it is another one or cannot be read."""
    try:
        event = json.loads(frame)
        if event["type"] != "permissions.changed":
            return None
        data = event["data"]
        return PermissionChange(
            company=event["topic"].split(".")[1],
            version=int(data["perm_version"]),
            at=datetime.fromisoformat(event["at"]).timestamp(),
            topics={role: frozenset(map(str, names)) for role, names in data["topics"].items()},
            employees={str(employee): role for employee, role in data["employees"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None


def _claims(identity: Identity) -> dict[str, str]:
    claims = {
        "{location}": identity.location,
        "{company}": identity.company,
        "{employee}": identity.employee,
    }
    return claims if identity.device is None else {**claims, "{device}": identity.device}


def _expand(template: str, claims: Mapping[str, str]) -> str:
    """The topic itself; a place that the claims do not fill stays in it."""
    for place, value in claims.items():
        template = template.replace(place, value)
    return template

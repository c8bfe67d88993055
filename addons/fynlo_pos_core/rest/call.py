"""What is known of the request being served: who asks, with which keys, under which name."""

import re
from dataclasses import dataclass, field

from odoo.http import request

from ..tools.identifiers import uuid7
from .problem import Invalid, Problem

_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{8,128}")
_IF_MATCH = re.compile(r'(?:W/)?"v?([0-9]{1,9})"|([0-9]{1,9})')


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is calling. Integers are Odoo's ids and never leave; the others go on the wire.

    ``user_id`` is 0 when a device calls without an employee. ``permissions`` are those in force
    now, not those of the moment the token was made.
    """

    user_id: int
    employee_id: int
    employee_uuid: str | None
    employee_name: str
    device_id: int
    device_uuid: str | None
    device_prefix: str
    location_id: int
    location_uuid: str
    company_id: int
    company_uuid: str
    role: str
    session_id: int
    catalogue_version: int
    settings_version: int = 0
    permissions: frozenset[str] = frozenset()

    @property
    def scope(self):
        """Idempotency keys and rate limits are counted for this: the device, or the person."""
        return self.device_uuid or self.employee_uuid

    def may(self, permission):
        return permission in self.permissions

    def require(self, permission):
        """Raise ``permission_denied`` unless the caller holds ``permission``."""
        if permission not in self.permissions:
            raise Problem("permission_denied", f"This needs the permission {permission}.", permission=permission)


@dataclass(slots=True)
class Call:
    """One request. The dispatcher fills it in step by step."""

    route: object
    request_id: str
    identity: Identity | None = None
    idempotency_key: str | None = None
    body_hash: str = ""
    if_match: int | None = None
    address: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def require_version(self, current, shape=None):
        """Refuse when ``If-Match`` names another version than ``current``.

        ``shape`` is the record as it is now; the client gets it with the refusal.
        """
        if self.if_match is not None and self.if_match != current:
            raise Problem(
                "version_conflict",
                f"The record is at version {current}, not {self.if_match}.",
                current=shape,
                conflicting_fields=[],
            )


def current_call():
    """The :class:`Call` being served."""
    return request.fynlo


def current_identity():
    """The :class:`Identity` of the request being served."""
    return request.fynlo.identity


def current_key():
    """The Idempotency-Key of the request being served; ``None`` outside of one."""
    return request.fynlo.idempotency_key if request and hasattr(request, "fynlo") else None


def read_request_id(headers):
    """The client's ``X-Request-ID`` when it is a decent one, else a new id."""
    given = headers.get("X-Request-ID", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid7()


def read_if_match(header):
    """The version in an ``If-Match`` header; ``None`` when there is none or it is ``*``."""
    if header is None or header.strip() == "*":
        return None
    found = _IF_MATCH.fullmatch(header.strip())
    if not found:
        raise Invalid('If-Match must be the ETag of the record, e.g. "v3".', field="If-Match")
    return int(found[1] or found[2])

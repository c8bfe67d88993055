"""Access: who is calling, and what they may do, decided afresh for every request in one query."""

from odoo import api, models

from ...rest import Problem
from ...rest.call import Identity
from ...rest.prepared_statement import PreparedStatement
from ...rest.route import PAIRED, is_permission
from ...tools import access_token
from ...tools.clock import now
from ...tools.layered_cache import LayeredCache
from ...tools.shared_cache import SharedCache, Unreadable

#: Topic templates and the permission that opens them; ``None`` opens to its owner.
TOPICS = (
    ("l.{location}.orders", "order.read"),
    ("l.{location}.kitchen", "kitchen.read"),
    ("l.{location}.payments", "payment.read"),
    ("l.{location}.tables", "order.read"),
    ("l.{location}.menu", "menu.read"),
    ("l.{location}.till", "till_session.read"),
    ("l.{location}.presence", "presence.read"),
    ("c.{company}.dashboard", "report.read"),
    ("c.{company}.workforce", "timecard.read"),
    ("c.{company}.sync", "sync.use"),
    ("e.{employee}", None),
    ("d.{device}", None),
)

#: A version of the map is never given twice, so what Redis keeps is out of use, not out of date.
PERMISSIONS_SHARED_S = 24 * 3600


def _read_codes(packed):
    codes = packed.decode("ascii", "replace").split()
    if not all(map(is_permission, codes)):
        raise Unreadable("not a list of permissions")
    return frozenset(codes)


_permissions: LayeredCache[frozenset[str]] = LayeredCache(
    "permissions",
    max_entries=1_000,
    max_bytes=8 << 20,
    weigh=lambda codes: sum(map(len, codes)),
    shared=SharedCache(
        "permissions_redis", shape="1", pack=lambda codes: " ".join(sorted(codes)).encode(), unpack=_read_codes
    ),
    life_s=lambda _codes: PERMISSIONS_SHARED_S,
)

_SESSION = PreparedStatement("""
    SELECT session.id, session.state, session.expires_at > %(now)s AS in_time,
           employee.id, employee.fynlo_uuid, employee.name, employee.fynlo_role,
           employee.active AND users.active AND location.active AND location.company_id = company.id
             AND (located.any IS NULL OR located.here) AS welcome,
           users.id, location.id, location.fynlo_uuid, company.id, company.fynlo_uuid, company.fynlo_perm_version,
           device.id, device.fynlo_uuid, device.number_prefix,
           device.id IS NULL OR device.state = 'paired' AS device_in_use,
           device.id IS NULL OR device.config_id = session.config_id AS device_in_place,
           COALESCE(catalogue.version, 0), COALESCE(company.fynlo_settings_version, 0)
      FROM fynlo_session session
      JOIN hr_employee employee ON employee.id = session.employee_id
      JOIN res_users users ON users.id = employee.user_id
      JOIN res_company company ON company.id = employee.company_id
      JOIN pos_config location ON location.id = session.config_id
      LEFT JOIN fynlo_device device ON device.id = session.device_id
      LEFT JOIN fynlo_catalogue catalogue ON catalogue.company_id = company.id
      LEFT JOIN LATERAL (SELECT TRUE AS any, bool_or(rel.location_id = location.id) AS here
                           FROM fynlo_employee_location_rel rel WHERE rel.employee_id = employee.id
                         HAVING count(*) > 0) located ON TRUE
     WHERE session.fynlo_uuid = %(uuid)s
""")


class FynloAccess(models.AbstractModel):
    _name = "fynlo.access"
    _description = "Access to the API"

    @api.model
    def _open_user_id(self):
        """The user of calls without an employee: it holds no group and no right."""
        return self.env["ir.model.data"]._xmlid_to_res_id("fynlo_pos_core.user_api", raise_if_not_found=True)

    @api.model
    def _identify(self, route, headers):
        """The :class:`Identity` behind the ``Authorization`` header.

        Raises ``token_missing``, ``token_invalid``, ``token_expired`` or ``device_revoked``. A
        device key alone opens only routes for paired devices.
        """
        scheme, _, credential = headers.get("Authorization", "").partition(" ")
        scheme, credential = scheme.lower(), credential.strip()
        if scheme == "bearer" and credential:
            identity = self._of_token(credential)
        elif scheme == "device" and credential and route.permission == PAIRED:
            identity = self._of_device(credential)
        else:
            raise Problem("token_missing", "Send an Authorization header with an access token.")
        if route.permission == PAIRED and not identity.device_id:
            raise Problem("permission_denied", "This needs a paired device.")
        return identity

    @api.model
    def _of_token(self, token):
        try:
            claims = access_token.read(token)
        except access_token.TokenExpired:
            raise Problem("token_expired", "The access token's time is over. Refresh it.") from None
        except access_token.TokenInvalid:
            raise Problem("token_invalid", "The access token is not valid.") from None
        identity = self._of_session(claims["sid"])
        told = (claims["sub"], claims.get("location"), claims.get("company"), claims.get("device"))
        if told != (identity.employee_uuid, identity.location_uuid, identity.company_uuid, identity.device_uuid):
            raise Problem("token_invalid", "The access token does not fit its sign-in.")
        return identity

    @api.model
    def _of_session(self, session_uuid):
        """The identity of an active session. One query; raises when anything in its way was revoked."""
        _SESSION.execute(self.env.cr, uuid=str(session_uuid), now=now())
        row = self.env.cr.fetchone()
        if not row:
            raise Problem("token_invalid", "This sign-in does not exist.")
        (
            session_id, state, in_time,
            employee_id, employee_uuid, employee_name, role, welcome,
            user_id, location_id, location_uuid, company_id, company_uuid, perm_version,
            device_id, device_uuid, device_prefix, device_in_use, device_in_place,
            catalogue_version, settings_version,
        ) = row  # fmt: skip
        if not device_in_use:
            raise Problem("device_revoked", "A manager removed this device.")
        if state != "active" or not in_time or not welcome or not role or not device_in_place:
            raise Problem("token_invalid", "This sign-in has ended. Sign in again.")
        return Identity(
            user_id=user_id,
            employee_id=employee_id,
            employee_uuid=employee_uuid,
            employee_name=employee_name,
            device_id=device_id or 0,
            device_uuid=device_uuid,
            device_prefix=device_prefix or "",
            location_id=location_id,
            location_uuid=location_uuid,
            company_id=company_id,
            company_uuid=company_uuid,
            role=role,
            session_id=session_id,
            catalogue_version=catalogue_version,
            settings_version=settings_version,
            permissions=self._cached_permissions(company_id, perm_version, role),
        )

    @api.model
    def _of_device(self, key):
        """The identity of a paired device without an employee; it holds no permission."""
        device = self.env["fynlo.device"]._by_key(key)
        location, company = device.config_id, device.company_id
        return Identity(
            user_id=0,
            employee_id=0,
            employee_uuid=None,
            employee_name="",
            device_id=device.id,
            device_uuid=device.fynlo_uuid,
            device_prefix=device.number_prefix,
            location_id=location.id,
            location_uuid=location.fynlo_uuid,
            company_id=company.id,
            company_uuid=company.fynlo_uuid,
            role="",
            session_id=0,
            catalogue_version=self.env["fynlo.catalogue"].sudo().search([("company_id", "=", company.id)]).version,
            settings_version=company.sudo().fynlo_settings_version,
        )

    @api.model
    def _check_session(self, session):
        """Raise as a request with this session's token would."""
        self.env.flush_all()
        self._of_session(session.fynlo_uuid)

    @api.model
    def _permissions_of(self, company, role):
        """The permissions of a role in a company now."""
        return self.env["fynlo.permission.map"].sudo()._of_role(company.id, role)

    @api.model
    def _cached_permissions(self, company_id, perm_version, role):
        """The same from the caches. A version is never given twice, so it never lies."""
        key = f"{self.env.cr.dbname}:{company_id}:{role}"
        rows = self.env["fynlo.permission.map"].sudo()
        return _permissions.obtain(key, perm_version, lambda: rows._of_role(company_id, role))

    @api.model
    def _topics(self, codes, **names):
        """The event topics that these permissions open."""
        return [
            template.format(**names)
            for template, permission in TOPICS
            if (permission is None or permission in codes) and ("{device}" not in template or names["device"])
        ]

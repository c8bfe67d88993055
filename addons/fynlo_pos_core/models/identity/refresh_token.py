"""Refresh tokens: opaque, used once, replaced at each use; a copy that is used again ends the family."""

from datetime import timedelta

from odoo import api, fields, models

from ...rest import Problem
from ...tools import secret_hash
from ...tools.clock import now

#: A client whose answer was lost may ask again this long with the same token.
GRACE = timedelta(seconds=30)


class FynloRefreshToken(models.Model):
    """Only digests are kept. A successor is the HMAC of its parent, so the lost answer can be
    given again although nothing readable was stored."""

    _name = "fynlo.refresh.token"
    _description = "Refresh token"
    _log_access = False
    _order = "id desc"
    _rec_name = "session_id"

    session_id = fields.Many2one("fynlo.session", required=True, readonly=True, index=True, ondelete="cascade")
    token_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    created_at = fields.Datetime(required=True, readonly=True)
    used_at = fields.Datetime(readonly=True)
    successor_id = fields.Many2one("fynlo.refresh.token", readonly=True, ondelete="set null")

    _token_unique = models.UniqueIndex("(token_hash)")

    @api.model
    def _first(self, session):
        """The first token of a family."""
        secret = secret_hash.new_secret()
        self._keep(session, secret)
        return secret

    @api.model
    def _exchange(self, secret, *, address, user_agent="", app_version=None):
        """Answer a refresh: a new access token and the successor of ``secret``.

        Raises ``token_invalid``; a replay beyond the grace also ends the family and alerts.
        """
        token = self._locked(secret)
        session = token.session_id
        session._require_alive()
        self.env["fynlo.access"]._check_session(session)
        if not token.used_at:
            successor = self._use(token, secret)
            session.write({"last_used_at": now(), "address": address, "user_agent": (user_agent or "")[:250]})
            if session.device_id:
                session.device_id._seen(address, app_version)
        elif now() - token.used_at <= GRACE and not token.successor_id.used_at:
            successor = _successor(secret)
        else:
            self._refuse_replay(session, address)
        return session._answer(successor)

    def _locked(self, secret):
        """The token's record with its session's row locked, so that twins come one after the other."""
        self.env.cr.execute(
            """SELECT token.id
                 FROM fynlo_refresh_token token JOIN fynlo_session session ON session.id = token.session_id
                WHERE token.token_hash = %s FOR UPDATE""",
            (secret_hash.digest(secret),),
        )
        found = self.env.cr.fetchone()
        if not found:
            raise Problem("token_invalid", "This refresh token is not one of ours.")
        return self.sudo().browse(found[0])

    def _use(self, token, secret):
        successor = _successor(secret)
        token.write({"used_at": now(), "successor_id": self._keep(token.session_id, successor).id})
        return successor

    def _keep(self, session, secret):
        return self.sudo().create(
            {"session_id": session.id, "token_hash": secret_hash.digest(secret), "created_at": now()}
        )

    def _refuse_replay(self, session, address):
        """Somebody else holds a copy: nobody of this family goes on."""
        session.env["fynlo.session"]._end(session, "refresh_token_replayed")
        session._log("session.replay_detected", after={"address": address})
        self.env["fynlo.lockout"]._alert(
            session.company_id,
            "refresh_token_replayed",
            self.env._("A used sign-in token of %s was sent again; the sign-in was ended.", session.employee_id.name),
            {"employee": session.employee_id._fynlo_name_values(), "session_id": session.fynlo_uuid},
        )
        raise Problem("token_invalid", "This refresh token was used before. Sign in again.", lasting=True)


def _successor(secret):
    return secret_hash.keyed("refresh", secret)

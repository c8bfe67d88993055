"""How the restaurants' own things do: till sessions, their posting, the audit log."""

from odoo import models

from ...engine.health import Reading

#: The newest entries of a chain that are computed again at every look.
NEWEST = 20


class FynloHealth(models.AbstractModel):
    _inherit = "fynlo.health"

    def _health_checks(self):
        return super()._health_checks() | {
            "till_session_open": self._till_session_open,
            "posting": self._posting,
            "audit_chain": self._audit_chain,
        }

    def _till_session_open(self):
        """Hours that each till session trades without being closed."""
        return self._sessions(
            """SELECT session.fynlo_uuid AS key, session.config_id, config.company_id, config.name,
                      session.name AS note,
                      extract(epoch FROM (now() AT TIME ZONE 'UTC') - session.start_at)::float / 3600 AS value
                 FROM pos_session session JOIN pos_config config ON config.id = session.config_id
                WHERE session.state IN ('opening_control', 'opened') AND session.start_at IS NOT NULL"""
        )

    def _posting(self):
        """Minutes that each closed till session waits for its books; the note says why when it failed."""
        return self._sessions(
            """SELECT session.fynlo_uuid AS key, session.config_id, config.company_id, config.name,
                      coalesce(session.fynlo_posting_error, '') AS note,
                      extract(epoch FROM (now() AT TIME ZONE 'UTC') - session.stop_at)::float / 60 AS value
                 FROM pos_session session JOIN pos_config config ON config.id = session.config_id
                WHERE session.state = 'closing_control' AND session.fynlo_counted AND session.stop_at IS NOT NULL"""
        )

    def _sessions(self, query):
        return [
            Reading(
                max(0.0, round(row["value"], 1)),
                row["note"],
                kind="till_session",
                key=row["key"],
                name=row["name"],
                company_id=row["company_id"],
                config_id=row["config_id"],
            )
            for row in self._rows(query)
        ]

    def _audit_chain(self):
        """Companies whose newest audit entries are not as they were written."""
        broken = self.env["fynlo.audit.log"]._broken_ends(NEWEST)
        return [
            Reading(1, kind="company", key=company.fynlo_uuid, name=company.name, company_id=company.id)
            for company in broken
        ]

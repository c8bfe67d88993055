"""One number a company that grows with every change of what its tills sell."""

from odoo import api, fields, models

WAITING = "fynlo.catalogue"


class FynloCatalogue(models.Model):
    """A menu, and whatever else is prepared from the catalogue, is good for one version of it."""

    _name = "fynlo.catalogue"
    _description = "Catalogue version"
    _log_access = False
    _rec_name = "company_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    version = fields.Integer(required=True, readonly=True, default=0)

    _company_unique = models.UniqueIndex("(company_id)")

    @api.model
    def _bump(self, company_ids):
        """Note that the catalogue of these companies changes with this transaction.

        However often it is called, a company moves on by one, just before the commit: the row is
        locked for that moment only, and the new version can be seen exactly when the change can.
        """
        cr = self.env.cr
        waiting = cr.precommit.data.get(WAITING)
        if waiting is None:
            waiting = cr.precommit.data[WAITING] = set()
            cr.precommit.add(self.sudo()._publish)
        waiting.update(company_ids)

    @api.model
    def _is_settled(self):
        """Whether what this transaction reads may be kept for others under the version it knows.

        It may not while the transaction is changing the catalogue itself.
        """
        return not self.env.cr.precommit.data.get(WAITING)

    def _publish(self):
        """Write the new versions and tell every location of the companies."""
        company_ids = sorted(self.env.cr.precommit.data.pop(WAITING, ()))
        if not company_ids:
            return
        versions = self._advance(company_ids)
        for company_id, location_uuid in self._locations(company_ids):
            self.env["fynlo.outbox"]._emit(
                company_id,
                f"l.{location_uuid}.menu",
                "menu.changed",
                location_uuid,
                {"version": versions[company_id]},
            )

    def _advance(self, company_ids):
        """The new version by company. Rows are taken in one order, so two transactions cannot deadlock."""
        versions = {}
        for company_id in company_ids:
            self.env.cr.execute(
                """INSERT INTO fynlo_catalogue (company_id, version) VALUES (%s, 1)
                   ON CONFLICT (company_id) DO UPDATE SET version = fynlo_catalogue.version + 1
                   RETURNING version""",
                [company_id],
            )
            versions[company_id] = self.env.cr.fetchone()[0]
        self.invalidate_model(["version"], flush=False)
        return versions

    def _locations(self, company_ids):
        self.env.cr.execute(
            "SELECT company_id, fynlo_uuid FROM pos_config WHERE active AND company_id = ANY(%s) ORDER BY id",
            [company_ids],
        )
        return self.env.cr.fetchall()

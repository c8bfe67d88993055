"""How often each section of the settings was changed, for a company and for each of its locations."""

from odoo import api, fields, models


class FynloSettingsVersion(models.Model):
    """The version of a section at a location is one more than the changes of both rows together."""

    _name = "fynlo.settings.version"
    _description = "Version of settings"
    _log_access = False
    _rec_name = "section"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    config_id = fields.Many2one("pos.config", "Location", readonly=True, ondelete="cascade")
    section = fields.Char(required=True, readonly=True)
    version = fields.Integer(required=True, readonly=True, default=0)

    _place_unique = models.UniqueIndex("(company_id, coalesce(config_id, 0), section)")

    @api.model
    def _at(self, locations):
        """The versions of the sections that were ever changed, by location and section; all of one company."""
        self.env.cr.execute(
            """SELECT place.id, kept.section, 1 + sum(kept.version)
                 FROM unnest(%s::int[]) AS place(id)
                 JOIN fynlo_settings_version kept
                   ON kept.company_id = %s AND (kept.config_id IS NULL OR kept.config_id = place.id)
                GROUP BY place.id, kept.section""",
            (locations.ids, locations.company_id.id or None),
        )
        versions = {location.id: {} for location in locations}
        for location_id, section, version in self.env.cr.fetchall():
            versions[location_id][section] = int(version)
        return versions

    @api.model
    def _hold(self, location, section):
        """Lock a section at a location until the commit, so that its changes come one after the other."""
        for config_id in (None, location.id):
            self._count(location.company_id.id, config_id, section, 0)

    @api.model
    def _count(self, company_id, config_id, section, changes):
        self.env.cr.execute(
            """INSERT INTO fynlo_settings_version AS known (company_id, config_id, section, version)
               VALUES (%s, %s, %s, %s)
               ON CONFLICT (company_id, coalesce(config_id, 0), section)
               DO UPDATE SET version = known.version + EXCLUDED.version""",
            (company_id, config_id, section, changes),
        )

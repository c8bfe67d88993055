"""Sections of the settings: each is a model of its own, found in the registry by its name."""

from uuid import UUID, uuid5

from odoo import api, models

from .setting import OWNER_MODELS

PREFIX = "fynlo.settings.section."


class FynloSettingsSection(models.AbstractModel):
    """Says which settings belong together and where Odoo keeps them.

    A section ``receipt`` is the model ``fynlo.settings.section.receipt``. Its fields are Odoo's own or
    columns beside them, so the back office and the API change the same thing.
    """

    _name = "fynlo.settings.section"
    _description = "Section of the settings"

    #: Whether tills work by it; the others are for managers alone.
    _for_tills = True
    #: :class:`Setting` by its name on the wire.
    _settings = {}

    @api.model
    def _section(self):
        """Its name on the wire."""
        return self._name.removeprefix(PREFIX)

    @api.model
    def _constants(self):
        """What the operator has set: it is shown and cannot be changed here."""
        return {}

    @api.model
    def _is_of_company(self):
        """Whether all locations of a company share it."""
        return all(setting.owner != "location" for setting in self._settings.values())

    @api.model
    def _watched(self, model):
        """The fields of ``model`` whose change is a change of this section."""
        return {one.field for one in self._settings.values() if OWNER_MODELS[one.owner] == model}

    @api.model
    def _values(self, owner):
        """The section's part that ``owner``, a location or a company, decides."""
        at_location = owner._name == "pos.config"
        return {
            name: setting.value_of(_record(owner, setting))
            for name, setting in self._settings.items()
            if (setting.owner == "location") == at_location
        }

    @api.model
    def _id(self, location):
        """The section's public id: one a location, or one a company where all locations share it."""
        home = location.company_id if self._is_of_company() else location
        return str(uuid5(UUID(home.fynlo_uuid), self._section()))

    @api.model
    def _store(self, location, sent):
        """Write what was sent, each record once. The fields' own rules may refuse it."""
        changes = {}
        for name, value in sent.items():
            setting = self._settings[name]
            owner = location if setting.owner == "location" else location.company_id
            record = _record(owner, setting)
            changes.setdefault(record, {})[setting.field] = setting.stored(record, value)
        for record, values in changes.items():
            record.write(values)


def _record(owner, setting):
    return owner.partner_id if setting.owner == "contact" else owner

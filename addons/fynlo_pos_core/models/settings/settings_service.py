"""Settings as tills and managers read and change them, and the news of every change."""

import json
from datetime import timedelta

from odoo import api, models
from odoo.modules import get_manifest

from ...rest import Invalid, current_call
from ...tools import clock, prepared_bytes
from ...tools.settings import settings
from .settings_section import PREFIX

WAITING = "fynlo.settings"
NEW = "fynlo.settings.new"
#: A snapshot changes with its version alone; it is made anew after this time all the same.
FRESH = timedelta(days=7)

_cache = prepared_bytes.cache_of_answers("settings", shape=get_manifest("fynlo_pos_core")["version"])


class FynloSettings(models.AbstractModel):
    _name = "fynlo.settings"
    _description = "Settings of a location"

    @api.model
    def _sections(self):
        """Every section by its name, in the order of the names."""
        names = sorted(name for name in self.env.registry if name.startswith(PREFIX))
        return {name.removeprefix(PREFIX): self.env[name] for name in names}

    # --- reading ---------------------------------------------------------------------------------

    @api.model
    def _snapshot(self, location_id, location_uuid, version):
        """All that tills work by at a location, as prepared bytes; no query when it was prepared before."""
        key = f"{self.env.cr.dbname}:{location_uuid}"
        stamp = f"{version}:{settings().ws_url}"
        return _cache.obtain(key, stamp, lambda: self._prepare(location_id, version), keep=self._is_settled())

    def _is_settled(self):
        """Whether what this transaction reads may be kept for others; not while it changes settings itself."""
        data = self.env.cr.precommit.data
        return not (data.get(WAITING) or data.get(NEW))

    def _prepare(self, location_id, version):
        location = self.env["pos.config"].sudo().browse(location_id)
        versions = self.env["fynlo.settings.version"]._at(location)[location.id]
        told = {
            name: self._document(section, location, versions)
            for name, section in self._sections().items()
            if section._for_tills
        }
        body = {"id": location.fynlo_uuid, "version": version, **told}
        raw = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        company = location.company_id
        shared_s = company.fynlo_cache_hours * 3600 if company.fynlo_cache_shared else 0
        return prepared_bytes.prepare(raw, f"s{version}", clock.now() + FRESH, shared_s)

    @api.model
    def _read_section(self, name, location):
        """One section at a location that the caller may see."""
        return self._document(self._sections()[name].sudo(), location)

    @api.model
    def _document(self, section, location, versions=None):
        """One section at a location in its shape on the wire."""
        location = location.sudo()
        if versions is None:
            versions = self.env["fynlo.settings.version"]._at(location)[location.id]
        return {
            "id": section._id(location),
            "section": section._section(),
            "location_id": None if section._is_of_company() else location.fynlo_uuid,
            "version": versions.get(section._section(), 1),
            **section._constants(),
            **section._values(location.company_id),
            **section._values(location),
        }

    # --- changing --------------------------------------------------------------------------------

    @api.model
    def _change(self, identity, section_name, location, sent):
        """Change what was sent of a section; returns the section as it is then.

        What all locations share needs the permission ``settings.company``. Raises ``version_conflict``
        when ``If-Match`` names another version; of two changes at once the second sees the first.
        """
        if not sent:
            raise Invalid(self.env._("There is nothing to change."))
        section, location = self._sections()[section_name].sudo(), location.sudo()
        if any(section._settings[name].owner != "location" for name in sent):
            identity.require("settings.company")
        self.env["fynlo.settings.version"]._hold(location, section_name)
        self.env.invalidate_all()
        document = self._document(section, location)
        current_call().require_version(document["version"], document)
        section._store(location, sent)
        self.env.flush_all()
        self.sudo()._publish()
        return self._document(section, location)

    # --- telling ---------------------------------------------------------------------------------

    @api.model
    def _greet(self, records):
        """Finishing what this transaction made is no change of it."""
        self.env.cr.precommit.data.setdefault(NEW, set()).update((records._name, one) for one in records.ids)

    @api.model
    def _watch(self, records, names):
        """Remember what the settings kept by ``records`` are before the fields ``names`` change."""
        touched = {
            name: section
            for name, section in self._sections().items()
            if not section._watched(records._name).isdisjoint(names)
        }
        if not touched:
            return
        data = self.env.cr.precommit.data
        if data.get(WAITING) is None:
            data[WAITING] = {}
            self.env.cr.precommit.add(self.sudo()._publish)
        for owner in records.sudo()._settings_owners():
            if (owner._name, owner.id) in data.get(NEW, ()):
                continue
            for name, section in touched.items():
                if (name, owner) not in data[WAITING]:
                    data[WAITING][name, owner] = section.sudo()._values(owner)

    def _publish(self):
        """Give what changed its next version, and tell the audit log and whoever works by it."""
        waiting = self.env.cr.precommit.data.pop(WAITING, None) or {}
        sections, changes = self._sections(), []
        for (name, owner), before in waiting.items():
            after = sections[name]._values(owner) if owner.exists() else before
            changed = sorted(key for key in after if after[key] != before[key])
            if changed:
                changes.append((name, owner, *({key: part[key] for key in changed} for part in (before, after))))
        if not changes:
            return
        changes.sort(key=lambda change: (_company(change[1]).id, change[1]._name, change[1].id, change[0]))
        for change in changes:
            self._note(*change)
        self._advance({_company(owner).id for _name, owner, *_parts in changes})
        for name, owner, *_parts in changes:
            self._announce(sections[name], owner)

    def _note(self, name, owner, before, after):
        company, at_location = _company(owner), owner._name == "pos.config"
        self.env["fynlo.settings.version"]._count(company.id, owner.id if at_location else None, name, 1)
        self.env["fynlo.audit.log"]._record(
            "settings.changed",
            company_id=company.id,
            resource=(owner._resource_name, owner.fynlo_uuid),
            before={"section": name, **before},
            after={"section": name, **after},
        )

    def _advance(self, company_ids):
        """Put the snapshots of these companies out of use, from this transaction's commit on."""
        for company_id in sorted(company_ids):
            self.env.cr.execute(
                "UPDATE res_company SET fynlo_settings_version = nextval('fynlo_settings_version_seq') WHERE id = %s",
                (company_id,),
            )
        self.env["res.company"].browse(company_ids).invalidate_recordset(["fynlo_settings_version"], flush=False)

    def _announce(self, section, owner):
        """Tell the tills and devices of every location concerned, or managers where tills do not work by it."""
        company = _company(owner)
        locations = self.env["pos.config"].search([("company_id", "=", company.id)])
        if owner._name == "pos.config":
            locations = owner
        if not section._for_tills:
            for location in locations[:1]:
                self._emit(company, f"c.{company.fynlo_uuid}.dashboard", self._document(section, location))
            return
        versions = self.env["fynlo.settings.version"]._at(locations)
        devices = self.env["fynlo.device"].search([("config_id", "in", locations.ids), ("state", "=", "paired")])
        devices = devices.grouped("config_id")
        for location in locations:
            document = self._document(section, location, versions[location.id])
            self._emit(company, f"l.{location.fynlo_uuid}.till", document)
            for device in devices.get(location, ()):
                self._emit(company, f"d.{device.fynlo_uuid}", document)

    def _emit(self, company, topic, document):
        self.env["fynlo.outbox"]._emit(company.id, topic, "settings.changed", document["id"], document)


def _company(owner):
    return owner if owner._name == "res.company" else owner.company_id

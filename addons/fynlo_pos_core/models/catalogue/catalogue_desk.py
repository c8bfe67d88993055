"""The desk at which managers keep the catalogue: find, list, add, change and archive its entries."""

from odoo import api, models
from odoo.tools import SQL

from ...rest import Invalid, NotFound, Problem, current_call
from ...tools.money import to_major
from .catalogue_entry import refused


class FynloCatalogueDesk(models.AbstractModel):
    """Acts for the identity it is given; entries of other companies do not exist for it."""

    _name = "fynlo.catalogue.desk"
    _description = "Catalogue for managers"

    @api.model
    def _find(self, identity, model, uuid):
        """The entry with this public id that the caller's company sees. Raises ``not_found``."""
        entries = self._entries(identity, model)
        found = entries.search([*entries._catalogue_domain(identity.company_id), ("fynlo_uuid", "=", str(uuid))])
        if not found:
            raise NotFound(f"There is no {entries._resource_name} with this id.")
        return found

    @api.model
    def _find_all(self, identity, model, uuids, field):
        """The entries with these ids, in their order. Raises ``validation_failed`` for the first unknown one."""
        found = []
        for place, uuid in enumerate(uuids):
            try:
                found.append(self._find(identity, model, uuid).id)
            except NotFound as unknown:
                raise refused(f"{field}[{place}]", "unknown_id", str(unknown)) from unknown
        return self.env[model].sudo().browse(found)

    @api.model
    def _list(self, identity, model, *, after_id=0, limit=50, search=None, active=True):
        """One page of entries, oldest first, and one more to tell of the next."""
        entries = self._entries(identity, model)
        domain = [*entries._catalogue_domain(identity.company_id), ("id", ">", after_id)]
        if "active" in entries._fields:
            domain.append(("active", "=", active))
        if search:
            domain.append(("name", "ilike", search))
        return entries.search(domain, order="id", limit=limit + 1)

    @api.model
    def _add(self, identity, model, sent):
        """A new entry of the caller's company. A client may choose its ``id``."""
        entries = self._entries(identity, model)
        uuid = sent.pop("id", None)
        values = {**entries._catalogue_defaults(), **entries._catalogue_values(identity, sent)}
        values[entries._company_field] = identity.company_id
        if uuid:
            self._check_free(entries, uuid)
            values["fynlo_uuid"] = str(uuid)
        return entries.create(values)

    @api.model
    def _change(self, identity, model, uuid, sent):
        """Change what was sent. Raises ``version_conflict`` when ``If-Match`` names another version."""
        if not sent:
            raise Invalid("There is nothing to change.")
        entry = self._own(identity, model, uuid)
        entry.write(entry._catalogue_values(identity, sent))
        return entry

    @api.model
    def _archive(self, identity, model, uuid):
        entry = self._own(identity, model, uuid)
        entry._archive_entry()

    @api.model
    def _set_availability(self, identity, product_uuid, asked):
        """Note for the caller's location what it has of a product, or of one size of it."""
        thing = self._find(identity, "product.template", product_uuid)
        if asked.variant_id:
            thing = thing.product_variant_ids.filtered(lambda one: one.fynlo_uuid == str(asked.variant_id))
            if not thing:
                raise refused("variant_id", "unknown_id", "The product has no such variant.")
        return self._note(identity, thing, asked.available, countdown=asked.countdown, reason=asked.reason)

    @api.model
    def _set_modifier_availability(self, identity, modifier_uuid, asked):
        modifiers = self._entries(identity, "fynlo.modifier")
        found = modifiers.search([("fynlo_uuid", "=", str(modifier_uuid)), ("company_id", "=", identity.company_id)])
        if not found:
            raise NotFound("There is no modifier with this id.")
        return self._note(identity, found, asked.available, reason=asked.reason)

    def _note(self, identity, thing, available, **details):
        location = self.env["pos.config"].sudo().browse(identity.location_id)
        rows = self.env["fynlo.availability"].sudo()
        row = rows._set(location, thing, available, changed_by=identity.employee_name, **details)
        return row._api_values()

    def _own(self, identity, model, uuid):
        """The entry, locked and at the version that the caller knows, if it belongs to the caller's company."""
        entry = self._find(identity, model, uuid)
        if entry[entry._company_field].id != identity.company_id:
            raise Problem("permission_denied", "Several companies share this; change it in the back office.")
        self.env.cr.execute(SQL("SELECT 1 FROM %s WHERE id = %s FOR UPDATE", SQL.identifier(entry._table), entry.id))
        entry.invalidate_recordset()
        current_call().require_version(entry.fynlo_version, entry._api_values())
        return entry

    def _entries(self, identity, model):
        company = self.env["res.company"].sudo().browse(identity.company_id)
        return self.env[model].sudo().with_company(company).with_context(active_test=False)

    def _check_free(self, entries, uuid):
        if entries.search_count([("fynlo_uuid", "=", str(uuid))], limit=1):
            raise refused("id", "id_taken", "This id is already taken.")

    @api.model
    def _amount(self, identity, money, field, currency=None):
        """The amount that Odoo stores for money in the company's currency, or in the one given.

        Raises ``validation_failed``.
        """
        currency = currency or self.env["res.company"].sudo().browse(identity.company_id).currency_id
        if money["currency"] != currency.name:
            raise refused(f"{field}.currency", "currency_mismatch", f"Prices here are in {currency.name}.")
        if money["amount"] < 0:
            raise refused(f"{field}.amount", "greater_than_equal", "A price is not below zero.")
        return to_major(money["amount"], currency.decimal_places)

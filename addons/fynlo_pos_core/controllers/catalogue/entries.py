"""What the routes of every catalogue entry do: list, add, show, change, archive."""

from odoo.http import request

from ...rest import Answer, current_identity
from ...rest.paging import decode, page

#: The refusals that the list of a route's errors names.
CHANGES = ("not_found", "version_conflict", "permission_denied")


def list_entries(model, query):
    """One page of what the caller's company sees."""
    rows = _desk()._list(
        current_identity(),
        model,
        after_id=decode(query.cursor, int)[0] if query.cursor else 0,
        limit=query.limit,
        search=query.search,
        active=query.active,
    )
    return page(rows, query.limit, lambda entry: entry._api_values(), lambda entry: (entry.id,))


def add_entry(model, body):
    entry = _desk()._add(current_identity(), model, body.model_dump(exclude_unset=True))
    return Answer(entry._api_values(), resource=(entry._resource_name, entry.fynlo_uuid))


def show_entry(model, entry_id):
    return _desk()._find(current_identity(), model, entry_id)._api_values()


def change_entry(model, entry_id, body):
    """Change the fields that were sent, under ``If-Match`` when the client gives it."""
    entry = _desk()._change(current_identity(), model, entry_id, body.model_dump(exclude_unset=True))
    return Answer(entry._api_values(), resource=(entry._resource_name, entry.fynlo_uuid))


def archive_entry(model, entry_id):
    _desk()._archive(current_identity(), model, entry_id)
    return {}


def _desk():
    return request.env["fynlo.catalogue.desk"]

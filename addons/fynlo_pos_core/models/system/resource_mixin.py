"""Resources: records that the outside knows by a UUID and one JSON shape."""

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ...rest import NotFound
from ...tools.identifiers import uuid7


class FynloResourceMixin(models.AbstractModel):
    """Gives a model its public id. Odoo's integer ids never leave the server.

    ``_api_values()`` is the one shape of a resource, used by REST answers, events and sync.
    """

    _name = "fynlo.resource.mixin"
    _description = "Resource with a public id"

    #: What the resource is called on the wire, e.g. ``product``.
    _resource_name = None

    fynlo_uuid = fields.Char(
        "Public ID",
        default=lambda self: uuid7(),
        required=True,
        readonly=True,
        copy=False,
        help="The identifier that tills and other clients use for this record.",
    )

    _fynlo_uuid_unique = models.UniqueIndex("(fynlo_uuid)", "This public ID is already taken.")

    def _init_column(self, column_name):
        """Rows that were there before the addon each get an id of their own, not one shared default."""
        if column_name != "fynlo_uuid":
            return super()._init_column(column_name)
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET fynlo_uuid = gen_random_uuid()::text WHERE fynlo_uuid IS NULL",
                SQL.identifier(self._table),
            )
        )

    def write(self, vals):
        """A public id is for good: clients have it, whatever happens to the record."""
        if "fynlo_uuid" in vals and not self.env.su:
            raise AccessError(self.env._("A public ID cannot be changed."))
        return super().write(vals)

    @api.model
    def _by_uuid(self, uuid):
        """The record with this public id as the caller may see it. Raises ``not_found``."""
        record = self.search([("fynlo_uuid", "=", str(uuid))], limit=1)
        if not record:
            raise NotFound(self.env._("There is no %(kind)s with this id.", kind=self._resource_name or "record"))
        return record

    def _api_values(self):
        """The record's shape on the wire. Each resource defines it."""
        return {"id": self.fynlo_uuid}

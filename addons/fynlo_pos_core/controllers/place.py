"""Which location a request is about."""

from odoo.http import request

from ..rest import NotFound, current_identity


def chosen_location(location_uuid):
    """The (id, uuid) of the location asked for: one's own by default, or any that one may work at.

    Raises ``not_found``.
    """
    identity = current_identity()
    if location_uuid is None or str(location_uuid) == identity.location_uuid:
        if not identity.location_id:
            raise NotFound("Say which location: you are signed in without one.")
        return identity.location_id, identity.location_uuid
    location = request.env["pos.config"]._by_uuid(location_uuid)
    return location.id, location.fynlo_uuid

"""Giving an order another table, for whatever does so besides the operation ``set_table``."""

from ..tools.clock import wire
from ..tools.identifiers import uuid7
from . import stamps


def place_at(order, table, identity, now):
    """Put ``order`` at ``table`` now, so that an earlier edit of a till that arrives later does not move it back."""
    order.table_id = table.id
    order.table = {"id": table.uuid, "name": table.name}
    edit = stamps.Edit(
        op_id=uuid7(),
        made_at=wire(now),
        base_version=order.version,
        device=identity.device_uuid,
        by={"id": identity.employee_uuid, "name": identity.employee_name},
    )
    order.stamps["table"] = stamps.stamp_of(edit, order.version + 1)

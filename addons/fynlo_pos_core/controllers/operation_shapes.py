"""Edits of an order, as tills send them (CONTRACT "Order", operations)."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from ..engine.operations import OPERATIONS_MAX
from ..rest.shapes import Counter, Id, Moment, MoneyShape, MoneyView, Note, Quantity, Shape, Text, View
from ..tools.clock import naive_utc
from .order_shapes import DiscountShape, LineShape, ModifierShape, OrderView, TabName

Reason = Annotated[Text, Field(min_length=1, max_length=200)]
Course = Annotated[int, Field(ge=1, le=20)]


class OperationShape(Shape):
    """What every operation carries; ``op_id`` makes it safe to send again."""

    op_id: Id
    device_seq: Counter | None = None
    client_created_at: Moment | None = None

    @property
    def moment(self) -> datetime | None:
        """When the till made it, as naive UTC."""
        return naive_utc(self.client_created_at) if self.client_created_at else None


class AddLine(OperationShape):
    type: Literal["add_line"]
    line: LineShape


class ChangeQuantity(OperationShape):
    type: Literal["change_quantity"]
    line_id: Id
    delta: Quantity


class SetModifiers(OperationShape):
    type: Literal["set_modifiers"]
    line_id: Id
    modifiers: Annotated[list[ModifierShape], Field(max_length=50)]


class SetNote(OperationShape):
    type: Literal["set_note"]
    line_id: Id | None = None
    note: Note


class VoidLine(OperationShape):
    type: Literal["void_line"]
    line_id: Id
    quantity: Quantity | None = None
    reason: Reason
    approval_id: Id | None = None
    restock: Annotated[bool, Field(description="What the kitchen had can be sold again: it is no waste.")] = False


class CompLine(OperationShape):
    type: Literal["comp_line"]
    line_id: Id
    reason: Reason
    approval_id: Id | None = None


class MoveLine(OperationShape):
    type: Literal["move_line"]
    line_id: Id
    seat: Annotated[int, Field(ge=1, le=200)] | None


class SetCourse(OperationShape):
    type: Literal["set_course"]
    line_id: Id
    course: Course


class FireCourse(OperationShape):
    type: Literal["fire_course"]
    course: Course


class HoldCourse(OperationShape):
    type: Literal["hold_course"]
    course: Course


class SetTabName(OperationShape):
    type: Literal["set_tab_name"]
    tab_name: TabName | None


class SetTable(OperationShape):
    type: Literal["set_table"]
    table_id: Id | None


class SetGuests(OperationShape):
    type: Literal["set_guests"]
    guests: Annotated[int, Field(ge=0, le=500)]


class SetCustomer(OperationShape):
    type: Literal["set_customer"]
    customer_id: Id | None


class SetPreset(OperationShape):
    type: Literal["set_preset"]
    preset_id: Id | None


class ApplyDiscount(OperationShape):
    type: Literal["apply_discount"]
    discount: DiscountShape
    approval_id: Id | None = None


class RemoveDiscount(OperationShape):
    type: Literal["remove_discount"]
    discount_ref: Id


class DeclineServiceCharge(OperationShape):
    type: Literal["decline_service_charge"]
    reason: Reason


class RestoreServiceCharge(OperationShape):
    type: Literal["restore_service_charge"]


class SetTip(OperationShape):
    type: Literal["set_tip"]
    tip: MoneyShape


Operation = Annotated[
    AddLine
    | ChangeQuantity
    | SetModifiers
    | SetNote
    | VoidLine
    | CompLine
    | MoveLine
    | SetCourse
    | FireCourse
    | HoldCourse
    | SetTabName
    | SetTable
    | SetGuests
    | SetCustomer
    | SetPreset
    | ApplyDiscount
    | RemoveDiscount
    | DeclineServiceCharge
    | RestoreServiceCharge
    | SetTip,
    Field(discriminator="type"),
]


class ReasonShape(Shape):
    reason: Reason
    approval_id: Id | None = None


class OperationsShape(Shape):
    """A batch of edits made on top of ``base_version``. With ``atomic`` one refusal refuses all."""

    base_version: Annotated[Counter, Field(ge=1)]
    atomic: bool = False
    operations: Annotated[list[Operation], Field(min_length=1, json_schema_extra={"maxItems": OPERATIONS_MAX})]


class ConflictView(View):
    field: str
    kept: object
    lost: object
    kept_by: dict
    kept_at: str


class ApprovalNeedView(View):
    """What to ask an approval for; then send the operation again under a new ``op_id``, with the approval."""

    action: str
    resource_id: UUID
    amount: MoneyView


class ResultView(View):
    op_id: UUID
    result: Literal["applied", "replayed", "merged", "superseded", "rejected"]
    code: str | None
    detail: str | None
    conflict: ConflictView | None
    approval: ApprovalNeedView | None


class OperationsView(View):
    order: OrderView
    results: list[ResultView]

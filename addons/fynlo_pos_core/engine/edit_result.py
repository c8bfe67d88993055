"""What comes of an operation: the answer to the till, and what the audit log is to hold."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """What a till is told of one operation."""

    op_id: str
    result: str
    code: str | None = None
    detail: str | None = None
    conflict: dict | None = None
    other_device: str | None = None
    #: What to ask an approval for, when that is what was missing.
    approval: dict | None = None

    def document(self):
        return {
            "op_id": self.op_id,
            "result": self.result,
            "code": self.code,
            "detail": self.detail,
            "conflict": self.conflict,
            "approval": self.approval,
        }


@dataclass(frozen=True, slots=True)
class Act:
    """Something an edit did that takes money off the bill and that the audit log is to hold."""

    action: str
    resource_id: str
    amount: int
    reason: str
    approver: str | None

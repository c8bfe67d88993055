"""Who may do a delicate thing alone, and when it takes somebody's approval."""

from dataclasses import dataclass
from datetime import datetime

from ..rest import Problem, declare

declare(
    "approval_unusable",
    409,
    "Approval does not fit",
    "The approval is for something else, was not given, was used, or its time is over.",
    "Ask for a new approval of exactly this.",
)


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """What one role may do alone: everything (``never``), up to ``limit`` (``above``) or nothing (``always``)."""

    needs: str
    limit: int = 0

    def allows(self, amount):
        return self.needs == "never" or (self.needs == "above" and amount <= self.limit)


@dataclass(frozen=True, slots=True)
class Grant:
    """An approval as its row has it. ``approver`` is the name of whoever gave it."""

    row_id: int
    action: str
    resource_id: str
    amount: int
    employee_id: int
    state: str
    expires_at: datetime
    approver: str

    def fits(self, action, resource_id, amount, employee_id, now):
        """Whether it covers this act. A smaller amount than the approved one is covered."""
        return (
            self.state == "approved"
            and self.expires_at > now
            and (self.action, self.resource_id, self.employee_id) == (action, resource_id, employee_id)
            and amount <= self.amount
        )


def may_alone(action, amount, role, permissions, policies):
    """Whether ``role`` needs nobody for this: its policy decides, without one the permission does."""
    rule = policies.get((action, role))
    return rule.allows(amount) if rule else action in permissions


class Allowance:
    """Decides, for one employee and one request, what may be done; remembers which approvals it took.

    The caller holds the rows behind ``grants`` locked and marks those in ``used`` in the same
    transaction, so an approval is good for one act.
    """

    def __init__(self, identity, policies, currency, grants=None, now=None):
        self.identity, self.policies, self.currency = identity, policies, currency
        self.grants, self.now = grants or {}, now
        self.used = []

    def check(self, action, resource_id, amount, approval_id=None, so_far=0):
        """The approver's name, or ``None`` when the employee may do it alone.

        ``so_far`` has been done to the same thing before: small pieces do not slip under a limit.
        Raises ``approval_required``, saying what to ask for, or ``approval_unusable``.
        """
        identity = self.identity
        if may_alone(action, so_far + amount, identity.role, identity.permissions, self.policies):
            return None
        if approval_id is None:
            raise Problem(
                "approval_required",
                "A manager must approve this.",
                permission=action,
                approval={
                    "action": action,
                    "resource_id": resource_id,
                    "amount": {"amount": amount, "currency": self.currency},
                },
            )
        grant = self.grants.get(str(approval_id))
        fits = grant and grant.fits(action, resource_id, amount, identity.employee_id, self.now)
        if not fits or grant in self.used:
            raise Problem("approval_unusable", "The approval does not cover this.")
        self.used.append(grant)
        return grant.approver

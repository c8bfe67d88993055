"""When the courses of an order go to the kitchen: fired now, or held until they are.

Both are commands of the moment, in the order of their arrival, like sending: what the kitchen was
told cannot be decided again by a till that comes later with an earlier time.
"""

from ..rest import Problem
from ..tools.clock import wire
from .kitchen import is_fired


class CourseEdits:
    """The operations on courses of an :class:`~.operations.Editor`."""

    def _fire_course(self, op):
        """Tell the kitchen to begin a course, held or not. Firing it again changes nothing."""
        if not is_fired(self.order, op.course):
            self.order.courses[str(op.course)] = {"fired_at": wire(self.now), "by": self._by()}

    def _hold_course(self, op):
        """Keep a course back until it is fired or sent by name, also one that was fired too early.

        Refused once the kitchen has something of it. Holding it again changes nothing.
        """
        if any(line.course == op.course and line.sent_quantity for line in self.order.active_lines):
            raise Problem("line_sent", f"The kitchen has begun course {op.course}.")
        if not self.order.courses.get(str(op.course), {}).get("held_at"):
            self.order.courses[str(op.course)] = {"held_at": wire(self.now), "by": self._by()}

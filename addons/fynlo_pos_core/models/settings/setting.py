"""One setting: its name on the wire, and the field of Odoo that keeps it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Owner = Literal["location", "company", "contact"]

#: Whose record has the field; a contact is the company's address card.
OWNER_MODELS = {"location": "pos.config", "company": "res.company", "contact": "res.partner"}


def as_it_is(record: Any, value: Any) -> Any:
    """The value as JSON; a text or choice that is not there is ``null``."""
    return value


@dataclass(frozen=True, slots=True)
class Setting:
    """``show(record, value)`` gives the JSON value; ``store(record, value)`` the one for ``record.write``.

    Without ``store`` it can only be read.
    """

    field: str
    owner: Owner = "location"
    show: Callable[[Any, Any], Any] = as_it_is
    store: Callable[[Any, Any], Any] | None = as_it_is

    def value_of(self, record: Any) -> Any:
        value = record[self.field]
        if record._fields[self.field].type in {"char", "text", "selection"}:
            value = value or None
        return self.show(record, value)

    def stored(self, record: Any, sent: Any) -> Any:
        """What to write for a value of the wire; ``null`` empties the field."""
        if self.store is None:
            raise TypeError(f"{self.field} can only be read")
        return False if sent is None else self.store(record, sent)

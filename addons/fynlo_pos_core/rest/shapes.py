"""Building blocks of request and answer shapes (pydantic v2)."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from ..tools.money import MINOR_MAX
from .problem import declare

declare(
    "invalid_quantity",
    422,
    "Not a quantity",
    'A quantity is a decimal string with at most 3 decimals, e.g. "1.5"; on a line it lies above 0 and up to 10000.',
    "Correct the quantity.",
)

_QUANTITY = re.compile(r"-?[0-9]{1,7}(\.[0-9]{1,3})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
QUANTITY_PATTERN = r"^-?\d{1,7}(\.\d{1,3})?$"


class Shape(BaseModel):
    """A JSON object of a request. Unknown fields are errors, and nothing is coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class View(BaseModel):
    """A JSON object of an answer, for the documentation and the contract tests."""

    model_config = ConfigDict(extra="forbid")


class QueryShape(BaseModel):
    """Query fields: they arrive as text, so numbers and booleans are read from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EmptyShape(Shape):
    """The body of a write that needs none: ``{}`` or nothing."""


class EmptyQuery(QueryShape):
    """The query of a route that takes none."""


class AnyQuery(BaseModel):
    """Whatever the query holds; nothing of it is read."""

    model_config = ConfigDict(extra="ignore")


def _read_quantity(value: Any) -> Decimal:
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise PydanticCustomError(
            "invalid_quantity", 'A quantity is a decimal string with at most 3 decimals, e.g. "1.5"'
        )
    return Decimal(value)


def _text_without_control(value: str) -> str:
    if any(ord(char) < 32 and char not in "\n\t" for char in value) or "\x7f" in value:
        raise ValueError("must not contain control characters")
    return value


def _read_day(value: Any) -> date:
    """Only ``2026-11-24``: pydantic alone would take a bare number for seconds since 1970."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("a day is written YYYY-MM-DD")
    return date.fromisoformat(value)


def _moment_of_our_time(value: datetime) -> datetime:
    if not 1 < value.year < 9999:
        raise ValueError("must lie between the years 2 and 9998")
    return value


#: A calendar day.
Day = Annotated[
    date, BeforeValidator(_read_day), WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-11-24"]})
]
#: A decimal string with at most three decimals, as ``Decimal``.
Quantity = Annotated[
    Decimal,
    BeforeValidator(_read_quantity),
    WithJsonSchema({"type": "string", "pattern": QUANTITY_PATTERN, "examples": ["1", "1.5"]}),
]
#: Free text of a person: any script and emoji, no control characters.
Text = Annotated[str, AfterValidator(_text_without_control)]
Name = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_text_without_control)]
Note = Annotated[str, Field(max_length=500), AfterValidator(_text_without_control)]
Id = UUID
#: A moment with its zone, of a year that every zone can tell.
Moment = Annotated[AwareDatetime, AfterValidator(_moment_of_our_time)]
#: A number that the till counts up; it fits an integer column.
Counter = Annotated[int, Field(ge=0, le=MINOR_MAX)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["GBP"])]


class MoneyShape(Shape):
    """An amount in whole minor units (pence, cents)."""

    amount: Annotated[int, Field(ge=-MINOR_MAX, le=MINOR_MAX, examples=[1250])]
    currency: Currency


class MoneyView(View):
    amount: Annotated[int, Field(examples=[1250])]
    currency: Currency


class NameView(View):
    """Another resource, named."""

    id: UUID
    name: str


class PageQuery(QueryShape):
    """Every list takes these."""

    limit: Annotated[int, Field(ge=1, le=500)] = 50
    cursor: Annotated[str, Field(min_length=1, max_length=200)] | None = None


WireMoment = Annotated[datetime, WithJsonSchema({"type": "string", "format": "date-time"})]

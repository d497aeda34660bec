"""The small types that every contract is made of: ids, money, dates, instants."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

MAX_AMOUNT: Final = 10**15
"""The largest amount in minor units: safe in 64 bits, and in the 53 bits of a JavaScript number."""

FIRST_DATE: Final = date(1900, 1, 1)
LAST_DATE: Final = date(2199, 12, 31)
"""Both inclusive. A date outside is a mistake, and would end in dates that no calendar can hold."""

ID_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._:@+=/-]*$"
"""Safe in JSON, in logs and in a journal of lines: no space, quote, backslash or control character."""

MAX_ID_LENGTH: Final = 64
MAX_EVENT_ID_LENGTH: Final = 128

_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RFC_3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?"
)


class Contract(BaseModel):
    """Base of every wire model: nothing is coerced, nothing is changed later, unknown fields are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)

    VERSION: ClassVar[int] = 1
    EARLIER: ClassVar[type[Contract] | None] = None
    """The version before this one, while it is accepted; see versions.py."""

    @classmethod
    def of_earlier(cls, earlier: Any) -> Contract:
        """Data of the version before, in this one. Only where there is one."""
        raise NotImplementedError(f"{cls.__name__} does not say how to read a {type(earlier).__name__}")


def parse_date(value: object) -> date:
    """The date of an ISO 8601 text, `YYYY-MM-DD` and no other form (20240122, 2024-W04-1 and 1705881600 are refused).

    Raises:
        PydanticCustomError: of type `date_not_iso`, `date_impossible` or `date_out_of_range`.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        found = value
    elif not isinstance(value, str):
        raise PydanticCustomError("field_type_wrong", "a date is a text, YYYY-MM-DD")
    elif not _ISO_DATE.fullmatch(value):
        raise PydanticCustomError("date_not_iso", "a date is written YYYY-MM-DD")
    else:
        try:
            found = date.fromisoformat(value)
        except ValueError:
            raise PydanticCustomError("date_impossible", "no calendar has this date") from None
    if not FIRST_DATE <= found <= LAST_DATE:
        raise PydanticCustomError("date_out_of_range", "a date lies between 1900-01-01 and 2199-12-31")
    return found


def parse_instant(value: object) -> datetime:
    """The moment of an RFC 3339 text with `Z` or an offset; fractions finer than a microsecond are cut off.

    Raises:
        PydanticCustomError: of type `time_invalid` or `time_without_zone`.
    """
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    match = _RFC_3339.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise PydanticCustomError("time_invalid", "a time is written as in RFC 3339, 2024-01-31T08:00:00Z")
    if match["zone"] is None:
        raise PydanticCustomError("time_without_zone", "a time ends in Z or in its offset, as +08:00")
    try:
        found = datetime.fromisoformat(match[0])
    except ValueError:
        raise PydanticCustomError("time_invalid", "no clock shows this time") from None
    if not FIRST_DATE < found.date() < LAST_DATE:
        raise PydanticCustomError("time_invalid", "a time lies between 1900 and 2199")
    return found


Id = Annotated[str, Field(min_length=1, max_length=MAX_ID_LENGTH, pattern=ID_PATTERN)]
"""An identifier of the lender's, 1 to 64 characters."""

EventId = Annotated[str, Field(min_length=1, max_length=MAX_EVENT_ID_LENGTH, pattern=ID_PATTERN)]
"""An identifier of an event, 1 to 128 characters."""

AlertId = Annotated[str, Field(min_length=32, max_length=32, pattern=r"^[0-9a-f]*$")]
"""32 hexadecimal digits: a hash of what the alert says, the same in every run."""

Label = Annotated[str, Field(min_length=1, max_length=64)]
"""A code that the lender's policy names: a bucket, a class, a policy version."""

EpisodeId = Annotated[str, Field(min_length=1, max_length=96)]
"""`<loan_id>:<number>`: a loan's stretch of delinquency, counted from 1."""

CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code, three capital letters."""

Rate = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,2})(\.[0-9]{1,10})?$")]
"""A rate as a decimal text, never a float: "0.12" is 12 percent."""

Percent = Annotated[str, Field(pattern=r"^(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)$")]
"""A percentage as a decimal text, "0" to "100", at most two decimals."""

Money = Annotated[int, Field(ge=0, le=MAX_AMOUNT)]
"""An amount in minor units (cents, 分) of the loan's currency, 0 to 10^15."""

PositiveMoney = Annotated[int, Field(ge=1, le=MAX_AMOUNT)]
"""An amount in minor units of the loan's currency, 1 to 10^15."""

Total = Annotated[int, Field(ge=0, le=5 * 10**18)]
"""A sum of amounts in minor units, 0 to 5 * 10^18: the largest schedule adds up to less."""

Days = Annotated[int, Field(ge=0, le=200_000)]
"""A number of calendar days."""

InstallmentNumber = Annotated[int, Field(ge=0, le=9999)]
"""The number of an installment in its schedule, 0 to 9999; 0 is a down payment's by custom."""

IsoDate = Annotated[date, BeforeValidator(parse_date), WithJsonSchema({"type": "string", "format": "date"})]
"""A date in the lender's time zone, YYYY-MM-DD, from 1900-01-01 to 2199-12-31."""

Instant = Annotated[datetime, BeforeValidator(parse_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
"""A moment, RFC 3339 with `Z` or an offset."""

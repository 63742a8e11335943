"""Time in UTC with milliseconds, as in JSON (RFC 3339 with `Z`), MongoDB and events."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, PlainSerializer

Clock = Callable[[], datetime]

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})")


def now() -> datetime:
    """The present time in UTC, cut to milliseconds as in MongoDB."""
    return to_milliseconds(datetime.now(UTC))


def to_milliseconds(moment: datetime) -> datetime:
    """The time in UTC, cut to milliseconds. Raises ValueError beyond the years 1 to 9999."""
    try:
        moment = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time lies outside the years 1 to 9999") from error
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def rfc3339(moment: datetime) -> str:
    """The time as text: `2026-02-08T07:30:00.000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


UtcDatetime = Annotated[
    AwareDatetime,
    AfterValidator(to_milliseconds),
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
]


def _check_rfc3339(value: object) -> object:
    # pydantic alone also accepts numbers and dates.
    if not (isinstance(value, str) and _RFC3339.fullmatch(value)):
        raise ValueError("It is not a time of RFC 3339, such as 2026-02-08T07:30:00Z.")
    return value


# A time in a request.
SentTime = Annotated[UtcDatetime, BeforeValidator(_check_rfc3339)]

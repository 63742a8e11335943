"""Times that a person types in the newsroom's zone, with the gaps and overlaps of summer time. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from shared.zone_times import first_after_gap, instants

TimeError = Literal["", "empty", "unreadable", "gap", "ambiguous", "past"]
# Choices of an ambiguous time, the earlier first.
READINGS = ("earlier", "later")


@dataclass(frozen=True)
class TypedTime:
    """A typed time: its moment, or an error with the moments to offer instead.

    `offered`: for a gap, the last minute before it and the first after it; for an ambiguous time, both readings.
    """

    moment: datetime | None = None
    error: TimeError = ""
    offered: tuple[datetime, ...] = ()


def read_time(text: str, reading: str, zone: ZoneInfo, now: datetime) -> TypedTime:
    """Read the value of `<input type=datetime-local>`. `reading`, of READINGS, chooses between two moments."""
    if not text:
        return TypedTime(error="empty")
    try:
        found = instants(text, zone)
        if not found:
            after = first_after_gap(text, zone)
            return TypedTime(error="gap", offered=(after - timedelta(minutes=1), after))
    except ValueError:
        return TypedTime(error="unreadable")
    if len(found) > 1 and reading not in READINGS:
        return TypedTime(error="ambiguous", offered=found)
    moment = found[READINGS.index(reading)] if len(found) > 1 else found[0]
    return TypedTime(moment, "past" if moment <= now else "", found if len(found) > 1 else ())

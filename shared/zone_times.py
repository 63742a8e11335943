"""Times in the newsroom's zone: from the text of a form to an instant, and back. The desk uses it; APIs know UTC alone.

`zoneinfo` gives an answer for every local time, also for one that summer time skips or repeats. Here these are told apart.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_FORMS = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")


def instants(text: str, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The instants in UTC that a local time may mean, the earlier first.

    One as a rule; none where the clocks go forward over it; two where they go back over it. `text` has the form of
    `<input type=datetime-local>`: `2026-03-29T02:30`, with seconds or without. Raises ValueError for any other text.
    """
    local = _parse(text)
    # PEP 495: `fold` chooses between the two readings of a repeated time.
    readings = (_in_utc(local.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    real = {moment for moment in readings if moment.astimezone(zone).replace(tzinfo=None) == local}
    return tuple(sorted(real))


def first_after_gap(text: str, zone: ZoneInfo) -> datetime:
    """The instant at which the clocks go forward over this local time; for other times, their first instant.

    Raises ValueError for a text that is no local time.
    """
    found = instants(text, zone)
    if found:
        return found[0]
    local = _parse(text)
    # In a gap, fold=1 takes the offset after it, which is the larger one: so it gives an instant before the gap.
    low, high = (_in_utc(local.replace(tzinfo=zone, fold=fold)) for fold in (1, 0))
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def local_text(moment: datetime, zone: ZoneInfo) -> str:
    """The instant as a local time, for the value of `<input type=datetime-local>`: `2026-03-29T02:30`."""
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def offset_text(moment: datetime, zone: ZoneInfo) -> str:
    """The zone's distance from UTC at this instant: `UTC+03:00`."""
    offset = moment.astimezone(zone).utcoffset() or timedelta()
    minutes = int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _parse(text: str) -> datetime:
    for form in _FORMS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise ValueError("It is not a local time such as 2026-03-29T02:30.")


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("The time lies outside the years 1 to 9999.") from error

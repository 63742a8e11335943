"""Decisions about a view's sender, as pure functions of the request's headers and of the present."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from services.popularity.model.rules import day_of, shift_day
from shared.http.origins import own_origins

_SPECULATIVE = ("Sec-Purpose", "Purpose", "X-Moz")
# A page is fetched before its reader opens it, from the last moments of the day before.
_AHEAD_S = 60


def is_prefetch(headers: Mapping[str, str]) -> bool:
    """Whether a browser loads the page ahead of its reader (`Sec-Purpose: prefetch;prerender`, older names included)."""
    for name in _SPECULATIVE:
        purpose = headers.get(name)
        if purpose is not None and re.search("prefetch|prerender", purpose, re.IGNORECASE):
            return True
    return False


def carries_cookie(headers: Mapping[str, str], name: str) -> bool:
    """Whether a cookie of this name was sent, with any value. Parses nothing else of the header."""
    cookies = headers.get("Cookie")
    return cookies is not None and re.search(rf"(?:^|;)\s*{name}=[^;\s]", cookies) is not None


def is_own_picture(headers: Mapping[str, str], site_origin: str) -> bool:
    """Whether a page of this site shows the picture: by `Sec-Fetch-Site`, else by `Referer`. Programs send neither and pass."""
    fetch_site = headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site in ("same-origin", "none")
    referer = headers.get("Referer")
    if not referer:
        return True
    origins = own_origins(headers.get("Host", "").lower(), site_origin)
    return any(f"{referer.lower()}/".startswith(f"{own}/") for own in origins)


def day_and_end(now_s: float, zone: ZoneInfo) -> tuple[str, int]:
    """The newsroom's day at a moment, and the second in which its next day begins. Both are seconds since 1970."""
    day = day_of(int(now_s // 60), zone)
    return day, int(datetime.combine(date.fromisoformat(shift_day(day, 1)), time(), zone).timestamp())


def days_needed(now_s: float, zone: ZoneInfo, repeat_s: int) -> tuple[str, str | None, str | None]:
    """The days whose keys are needed: today; tomorrow in the last minute of a day; yesterday for the first `repeat_s` of one."""
    today, end_s = day_and_end(now_s, zone)
    tomorrow = day_and_end(end_s, zone)[0] if end_s - now_s <= _AHEAD_S else None
    yesterday = day_and_end(now_s - repeat_s, zone)[0]
    return today, tomorrow, yesterday if yesterday != today else None

"""Where a reader came from: the class of the page before, and the host of a page of no known class. Nothing else is kept."""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from shared.events import ReferrerClass

LONGEST_HOST = 100
_HELD = 4_096
# Android writes the app in place of the host.
_URL = re.compile(r"(?:https?|android-app)://(?:[^/?#@]*@)?([^/?#:@\s]+)(?::\d*)?(?:[/?#]|$)", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
# The second level of country domains: google.co.uk, google.com.br.
_SECOND_LEVELS = frozenset({"ac", "co", "com", "edu", "ne", "net", "or", "org"})


class Referrer(NamedTuple):
    """A class, and the host of `other`, in lower case and ASCII."""

    kind: ReferrerClass
    host: str = ""


_NONE = Referrer("none")


class Referrers:
    """Classes of addresses. `site_url` is the site's own address; its `www.` is the same site."""

    def __init__(self, site_url: str) -> None:
        self._own = (urlsplit(site_url).hostname or "").removeprefix("www.")
        self._class_of: Callable[[str], Referrer] = lru_cache(_HELD)(self._classify)

    def classify(self, url: str) -> Referrer:
        """The class of a page's address; `none` for an empty or malformed one."""
        found = _URL.match(url)
        return _NONE if found is None else self._class_of(found.group(1))

    def _classify(self, written: str) -> Referrer:
        host = _ascii(written)
        if not host:
            return _NONE
        if host.removeprefix("www.") == self._own:
            return Referrer("site")
        kind = _known_class(host)
        return Referrer(kind) if kind else Referrer("other", host)


def _ascii(host: str) -> str:
    """A host in lower case, with international labels as `xn--`; empty if it is none."""
    if len(host) > LONGEST_HOST:
        return ""
    try:
        found = host.encode("idna").decode().lower()
    except UnicodeError:
        return ""
    return found.rstrip(".") if _HOST.fullmatch(found) and len(found.rstrip(".")) <= LONGEST_HOST else ""


def _known_class(host: str) -> ReferrerClass | None:
    labels = host.split(".")
    for start in range(len(labels)):
        rest = labels[start + 1 :]
        names = [".".join(labels[start:])]
        if len(rest) == 1 or (len(rest) == 2 and rest[0] in _SECOND_LEVELS):
            names.append(f"{labels[start]}.*")
        for name in names:
            if name in _CLASSES:
                return _CLASSES[name]
    return None


def _read(file: str, kind: ReferrerClass) -> dict[str, ReferrerClass]:
    lines = Path(__file__).with_name(file).read_text("ascii").splitlines()
    return {line.strip(): kind for line in lines if line.strip() and not line.startswith("#")}


_CLASSES = _read("search_hosts.txt", "search") | _read("social_hosts.txt", "social")

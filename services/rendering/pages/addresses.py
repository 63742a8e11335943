"""Reads a request's target as an address of the site: a page, a redirect to its canonical form, or an error.

Each page has one address: lower case, no trailing slash or full stop, and one known query parameter at most. Other parameters
(of trackers) are ignored, so they cannot split the cache.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, unquote_to_bytes, urlencode, urlsplit

from services.rendering.pages.comment_models import CommentOrder, Noted
from services.rendering.pages.periods import read_period
from services.rendering.pages.popular import PATH as POPULAR
from services.rendering.pages.popular import WINDOWS, popular_query
from shared.events import RANKINGS

AddressKind = Literal[
    "home", "top", "tag", "author", "article", "history", "corrections", "popular", "archive", "feed", "sitemap"
]
CORRECTIONS = "/corrections"
HISTORY = "/history"

# A search of 200 characters takes 2,400 at most: twelve for each, percent-encoded.
LONGEST_TARGET = 4096
LONGEST_PATH = 320
_PART = r"/[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?"
_FEED = re.compile(rf"(?:{_PART}){{0,2}}/(?:feed\.xml|atom\.xml|feed\.json)")
_SITEMAP = re.compile(r"/(?:news-sitemap|sitemap(?:-(?:pages|newest|[1-9][0-9]{0,4}))?)\.xml")
# Below an article's path, which is neither a tag's nor an author's.
_HISTORY = re.compile(rf"(?!/(?:tag|author)/)(?:{_PART}){{2}}{HISTORY}")
_PATH = re.compile(rf"/|(?:{_PART}){{1,2}}|{_HISTORY.pattern}|{_FEED.pattern}|{_SITEMAP.pattern}")
# Days and weeks of the archive of rankings. A week is written with a capital W, as in ISO 8601.
_ARCHIVE = re.compile(rf"{POPULAR}/20\d\d-(?:\d\d-\d\d|w\d\d)")
# Punctuation that mail programs add to the end of a link: the full stop of its sentence, a bracket, a space.
_TRAILING = " .,;:!)]>\"'"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# The query parameter of a page number. `top` is a first-level page: a section, or one of our own such as About.
_NUMBERED: dict[AddressKind, str] = {
    "top": "page", "tag": "page", "author": "page", "corrections": "page", "article": "comments",
}  # fmt: skip
# Paths with query parameters of their own, read elsewhere: a redirect keeps them.
_KEEPS_QUERY = re.compile(r"/search|/v1/.*")
_OWN_KINDS: dict[str, AddressKind] = {POPULAR: "popular", CORRECTIONS: "corrections"}
_NUMBER = re.compile(r"[1-9][0-9]{0,6}")
_WORD = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?")
_NOTED: Mapping[str, Noted] = {"vote": "vote", "report": "report"}
_ORDERS: Mapping[str, CommentOrder] = {"newest": "newest", "best": "best"}
_COMMENT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_PARAMETERS = 64


@dataclass(frozen=True, slots=True)
class Address:
    """A page's address. `number` is its `?page=` or `?comments=`, None for the front; `key` is the canonical target.

    `query` selects a page of Popular News or of its archive. `received` means an article's page with a thank-you for a comment,
    `noted` one for a vote or a report. `comment`: a permalink, which redirects to the page with that comment.
    `order` is that of an article's threads.
    """

    kind: AddressKind
    path: str
    number: int | None = None
    query: tuple[tuple[str, str], ...] = ()
    received: bool = False
    noted: Noted | None = None
    comment: str = ""
    order: CommentOrder = "oldest"

    @property
    def key(self) -> str:
        query = list(self.query)
        if self.comment:
            query.append(("comment", self.comment))
        if self.number is not None:
            query.append((_NUMBERED[self.kind], str(self.number)))
        if self.order != "oldest":
            query.append(("sort", self.order))
        if self.received:
            query.append(("received", "1"))
        if self.noted:
            query.append(("noted", self.noted))
        return f"{self.path}?{urlencode(query)}" if query else self.path

    @property
    def name(self) -> str:
        """The last path segment: a section, tag, author or article slug."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Redirect:
    """The target is not canonical; `location` is the canonical one."""

    location: str


@dataclass(frozen=True, slots=True)
class Refused:
    """No page can have this address; `status` gives the reason."""

    status: Literal[400, 404, 414]


def read_address(target: str) -> Address | Redirect | Refused:
    """Read a request's target as sent (still percent-encoded)."""
    if len(target) > LONGEST_TARGET:
        return Refused(414)
    raw_path, query = _split(target)
    path = _decode(raw_path)
    if path is None:
        return Refused(400)
    canonical = _canonical(path)
    if canonical is None:
        return Refused(404)
    address = _address(canonical, query)
    if isinstance(address, Address) and canonical != raw_path:
        return Redirect(f"{canonical}?{query}" if query and _KEEPS_QUERY.fullmatch(canonical) else address.key)
    return address


def _split(target: str) -> tuple[str, str]:
    if not target.startswith("/"):  # the absolute form, from proxies
        try:
            parts = urlsplit(target)
        except ValueError:
            return "", ""
        return parts.path or "/", parts.query
    path, _, query = target.partition("#")[0].partition("?")
    return path, query


def _decode(raw_path: str) -> str | None:
    try:
        path = unquote_to_bytes(raw_path).decode()
    except UnicodeError:
        return None
    return None if _CONTROL.search(path) else path


def _canonical(path: str) -> str | None:
    lowered = "/" + "/".join(filter(None, path.rstrip(_TRAILING).lower().split("/")))
    if len(lowered) > LONGEST_PATH or not _PATH.fullmatch(lowered):
        return None
    return lowered.replace("-w", "-W") if _ARCHIVE.fullmatch(lowered) else lowered


def _address(path: str, query: str) -> Address | Refused:
    kind = _kind(path)
    if kind == "popular":
        return _popular(path, query)
    if kind == "archive":
        return _archive(path, query)
    values = _values(query, _NUMBERED[kind]) if kind in _NUMBERED else []
    if not all(map(_NUMBER.fullmatch, values)):
        return Refused(400)
    number = int(values[0]) if values else None
    return _article(path, query, number) if kind == "article" else Address(kind, path, number)


def _article(path: str, query: str, number: int | None) -> Address:
    """An article's page, or a permalink to a comment. An impossible comment id or order is ignored, as other parameters are.

    `sort=oldest` is page 1, where the oldest comments are; without an order, a page begins with the newest page.
    """
    noted = _NOTED.get(next(iter(_values(query, "noted")), ""))
    received = _values(query, "received") == ["1"]
    comment = next(filter(_COMMENT.fullmatch, _values(query, "comment")), "")
    if comment:
        return Address("article", path, received=received, noted=noted, comment=comment)
    order = next(iter(_values(query, "sort")), "")
    if order == "oldest":
        number = number or 1
    elif order == "best":
        number = None
    return Address("article", path, number, received=received, noted=noted, order=_ORDERS.get(order, "oldest"))


def _popular(path: str, query: str) -> Address | Refused:
    """A ranking's page. There are few windows, sections and languages, and one canonical query for each choice."""
    window, section, language = (next(iter(_values(query, name)), "") for name in ("window", "section", "language"))
    if window not in ("", *RANKINGS) or not all(not word or _WORD.fullmatch(word) for word in (section, language)):
        return Refused(400)
    return Address("popular", path, query=popular_query(window or "24h", section, language))


def _archive(path: str, query: str) -> Address | Refused:
    """A ranking of a past day or week."""
    section, language = (next(iter(_values(query, name)), "") for name in ("section", "language"))
    if not all(not word or _WORD.fullmatch(word) for word in (section, language)):
        return Refused(400)
    return Address("archive", path, query=popular_query(WINDOWS[0], section, language))


def _kind(path: str) -> AddressKind:
    if path == "/":
        return "home"
    if "." in path:
        return "feed" if _FEED.fullmatch(path) else "sitemap"
    if path in _OWN_KINDS:
        return _OWN_KINDS[path]
    if path.startswith(f"{POPULAR}/") and read_period(path.rpartition("/")[2]) is not None:
        return "archive"
    if _HISTORY.fullmatch(path):
        return "history"
    first, _, second = path[1:].partition("/")
    if not second:
        return "top"
    if first == "tag":
        return "tag"
    return "author" if first == "author" else "article"


def _values(query: str, name: str) -> list[str]:
    """The first value of a parameter, if present. An unreadable query gives an empty value, which no page has."""
    if f"{name}=" not in query:
        return []
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return [""]
    return [value for key, value in pairs if key == name][:1]

"""Puts a rendered page and its Popular News together into ready answers, one for each encoding."""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import formatdate

import brotli

from services.rendering import metrics
from services.rendering.pages.negotiation import Encoding
from services.rendering.pages.popular import Block
from services.rendering.pages.templates import POPULAR_SLOT
from shared.http.problems import SECURITY_HEADERS
from shared.http.ready_response import DateLine, Header, ReadyAnswer

HTML = "text/html; charset=utf-8"
# Browsers ask each time whether what they have is still true (a 304 costs next to nothing): kept for seconds, an older
# article could be shown from their own store after a newer one came from us. Shared caches may keep a page for a second.
REVALIDATED = "public, max-age=0, s-maxage=1, must-revalidate"
FOR_EVER = "public, max-age=31536000, immutable"
NEVER_STORED = "no-store"
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "img-src 'self' https: http: data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

# Brotli 5 makes a page 7 % smaller than gzip 6 in about the same time (1.2 ms for 34 KB); more costs more than it saves.
_COMPRESS: dict[Encoding, Callable[[bytes], bytes]] = {
    "br": lambda content: brotli.compress(content, mode=brotli.MODE_TEXT, quality=5),
    "gzip": lambda content: gzip.compress(content, 6, mtime=0),
    "identity": lambda content: content,
}
# A file that is kept for ever is compressed once, with all that Brotli can: 8 % off the script, for 25 ms.
_COMPRESS_ONCE = _COMPRESS | {"br": lambda content: brotli.compress(content, mode=brotli.MODE_TEXT, quality=11)}
_DIGEST_BYTES = 12
_SLOT = POPULAR_SLOT.encode()


@dataclass(frozen=True, slots=True)
class Kind:
    """What an answer says beside its content. `route` names the kind of page in metrics.

    `style_source` is the one style that it may hold, as a Content-Security-Policy calls it.
    `modified_s` is when what it was made from last changed, in seconds since 1970: only for what shows nothing else.
    """

    route: str
    status: int = 200
    media_type: str = HTML
    cache_control: str = REVALIDATED
    extra: tuple[Header, ...] = ()
    compressible: bool = True
    modified_s: int | None = None
    style_source: str = "'none'"

    @property
    def content_security_policy(self) -> str:
        """Scripts of our own alone, the one style, pictures from anywhere.

        On an encrypted site browsers ask for pictures of `http:` by `https:` (Mixed Content Level 2).
        """
        return f"{_POLICY}; style-src {self.style_source}"


@dataclass(frozen=True, slots=True)
class Form:
    """A page in one encoding: its whole answer, and what the shorter answers about it are made of."""

    kind: Kind
    etag: str
    headers: tuple[Header, ...]
    content: bytes
    date: DateLine
    whole: ReadyAnswer

    def head(self, *, keeps_open: bool) -> ReadyAnswer:
        """The head alone, as HEAD asks for it."""
        return ReadyAnswer(self.date, self.kind.status, self.headers, keeps_open=keeps_open)

    def not_modified(self, *, keeps_open: bool) -> ReadyAnswer:
        """For a client that has this form already (RFC 9110, 15.4.5)."""
        kept = tuple(pair for pair in self.headers if pair[0] not in ("Content-Length", "Content-Type"))
        return ReadyAnswer(self.date, 304, kept, keeps_open=keeps_open)

    def closing(self) -> ReadyAnswer:
        """The whole answer for a connection that ends with it."""
        return ReadyAnswer(self.date, self.kind.status, self.headers, self.content, keeps_open=False)


def compose(date: DateLine, kind: Kind, content: bytes, encoding: Encoding) -> Form:
    """The same bytes for the same content everywhere: an entity tag of one gateway holds at all of them."""
    if not kind.compressible:
        encoding = "identity"
    body = (_COMPRESS_ONCE if kind.cache_control == FOR_EVER else _COMPRESS)[encoding](content)
    metrics.COMPOSED.labels(encoding).inc()
    etag = f'"{hashlib.sha256(content).hexdigest()[: 2 * _DIGEST_BYTES]}-{encoding}"'
    headers = _headers(kind, len(body), encoding, etag)
    return Form(kind, etag, headers, body, date, ReadyAnswer(date, kind.status, headers, body))


def _headers(kind: Kind, length: int, encoding: Encoding, etag: str) -> tuple[Header, ...]:
    headers: list[Header] = [("Content-Type", kind.media_type), ("Content-Length", str(length))]
    if encoding != "identity":
        headers.append(("Content-Encoding", encoding))
    if kind.compressible:
        headers.append(("Vary", "Accept-Encoding"))
    if kind.cache_control != NEVER_STORED:
        headers.append(("ETag", etag))
    if kind.modified_s is not None:
        headers.append(("Last-Modified", formatdate(kind.modified_s, usegmt=True)))
    headers += [("Cache-Control", kind.cache_control), *kind.extra]
    return (*headers, ("Content-Security-Policy", kind.content_security_policy), *SECURITY_HEADERS.items())


class Page:
    """A rendered page under its key. `form` gives it with a fragment in its slot, composed when first asked for.

    `block` says whose fragment belongs into the slot; None where the page has no slot. `until` is from when on it is
    no longer true although nothing has moved; None for most.
    """

    __slots__ = ("_after", "_before", "_date", "_forms", "block", "key", "kind", "until")

    def __init__(
        self,
        date: DateLine,
        kind: Kind,
        content: bytes,
        *,
        key: str = "",
        block: Block | None = None,
        until: datetime | None = None,
    ) -> None:
        before, slot, after = content.partition(_SLOT)
        self.kind = kind
        self.key = key
        self.until = until
        self.block = block if slot else None
        self._date = date
        self._before = before
        self._after = after
        self._forms: dict[Encoding, tuple[bytes, Form]] = {}

    def form(self, encoding: Encoding, fragment: bytes) -> Form | None:
        """The form for this fragment, None where it has not been composed yet: a look-up."""
        found = self._forms.get(encoding)
        return found[1] if found is not None and found[0] is fragment else None

    def compose(self, encoding: Encoding, fragment: bytes) -> Form:
        """Put the form together, in place of the one with an older fragment."""
        made = compose(self._date, self.kind, self._before + fragment + self._after, encoding)
        self._forms[encoding] = (fragment, made)
        return made

    @property
    def size_bytes(self) -> int:
        """What it takes in memory now."""
        forms = sum(form.whole.size_bytes + len(form.content) for _, form in self._forms.values())
        return len(self._before) + len(self._after) + forms


@dataclass(frozen=True, slots=True)
class Absence:
    """Nothing to show at an address: 404, or 410 where something was withdrawn.

    One page says so for all such addresses of a language: that of what was withdrawn, empty for the site's.
    """

    status: int
    language: str = ""

"""Joins a rendered page and its Popular News into ready answers, one for each encoding."""

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
# Browsers revalidate every time (a 304 is cheap): with even a short lifetime, their own store could show an older article
# after a newer one was served. Shared caches may keep a page for one second.
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
    )
)

# Brotli 5 makes a page 7 % smaller than gzip 6 in about the same time (1.2 ms for 34 KB); a higher level does not pay.
_COMPRESS: dict[Encoding, Callable[[bytes], bytes]] = {
    "br": lambda content: brotli.compress(content, mode=brotli.MODE_TEXT, quality=5),
    "gzip": lambda content: gzip.compress(content, 6, mtime=0),
    "identity": lambda content: content,
}
# Immutable files are compressed once, so the highest level pays: the script is 8 % smaller, for 25 ms.
_COMPRESS_ONCE = _COMPRESS | {"br": lambda content: brotli.compress(content, mode=brotli.MODE_TEXT, quality=11)}
_DIGEST_BYTES = 12
_SLOT = POPULAR_SLOT.encode()


@dataclass(frozen=True, slots=True)
class PageKind:
    """Metadata of an answer: everything but its content. `route` names the kind of page in metrics.

    `style_source` and `frame_ancestors` are directives of its Content-Security-Policy.
    `modified_s` becomes `Last-Modified` (Unix time): set it only when the page depends on documents alone, not on rankings or time.
    """

    route: str
    status: int = 200
    media_type: str = HTML
    cache_control: str = REVALIDATED
    extra: tuple[Header, ...] = ()
    compressible: bool = True
    modified_s: int | None = None
    style_source: str = "'none'"
    frame_ancestors: str = "'none'"

    @property
    def content_security_policy(self) -> str:
        """Our own scripts, one inline style, pictures from anywhere.

        On an HTTPS site browsers fetch `http:` pictures by HTTPS (Mixed Content Level 2).
        """
        return f"{_POLICY}; frame-ancestors {self.frame_ancestors}; style-src {self.style_source}"


@dataclass(frozen=True, slots=True)
class EncodedPage:
    """A page in one encoding: its whole answer, and the parts of the shorter answers (HEAD, 304)."""

    kind: PageKind
    etag: str
    headers: tuple[Header, ...]
    content: bytes
    date: DateLine
    whole: ReadyAnswer

    def head(self, *, keeps_open: bool) -> ReadyAnswer:
        """The answer to HEAD."""
        return ReadyAnswer(self.date, self.kind.status, self.headers, keeps_open=keeps_open)

    def not_modified(self, *, keeps_open: bool) -> ReadyAnswer:
        """The 304 for a client that has this content already (RFC 9110, 15.4.5)."""
        kept = tuple(pair for pair in self.headers if pair[0] not in ("Content-Length", "Content-Type"))
        return ReadyAnswer(self.date, 304, kept, keeps_open=keeps_open)

    def closing(self) -> ReadyAnswer:
        """The whole answer, on a connection that closes after it."""
        return ReadyAnswer(self.date, self.kind.status, self.headers, self.content, keeps_open=False)


def _encode(date: DateLine, kind: PageKind, content: bytes, encoding: Encoding) -> EncodedPage:
    """Deterministic: every gateway makes the same bytes and the same entity tag."""
    if not kind.compressible:
        encoding = "identity"
    body = (_COMPRESS_ONCE if kind.cache_control == FOR_EVER else _COMPRESS)[encoding](content)
    metrics.COMPOSED.labels(encoding).inc()
    etag = f'"{hashlib.sha256(content).hexdigest()[: 2 * _DIGEST_BYTES]}-{encoding}"'
    headers = _headers(kind, len(body), encoding, etag)
    return EncodedPage(kind, etag, headers, body, date, ReadyAnswer(date, kind.status, headers, body))


def _headers(kind: PageKind, length: int, encoding: Encoding, etag: str) -> tuple[Header, ...]:
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
    """A rendered page under its key. Encoded on first use, once for each encoding and Popular News fragment.

    `block` names the fragment for the page's slot; None where the page has no slot. `until` is the time at which the page
    expires although no document changed; None for most pages.
    """

    __slots__ = ("_after", "_before", "_date", "_encoded", "block", "key", "kind", "until")

    def __init__(
        self,
        date: DateLine,
        kind: PageKind,
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
        self._encoded: dict[Encoding, tuple[bytes, EncodedPage]] = {}

    def encoded(self, encoding: Encoding, fragment: bytes) -> EncodedPage | None:
        """The page with this very fragment object, if `encode` has made it already. A look-up, no work."""
        found = self._encoded.get(encoding)
        return found[1] if found is not None and found[0] is fragment else None

    def encode(self, encoding: Encoding, fragment: bytes) -> EncodedPage:
        """Encode the page with a fragment; replaces the version with an older fragment."""
        made = _encode(self._date, self.kind, self._before + fragment + self._after, encoding)
        self._encoded[encoding] = (fragment, made)
        return made

    @property
    def size_bytes(self) -> int:
        """Memory in use now."""
        encoded = sum(one.whole.size_bytes + len(one.content) for _, one in self._encoded.values())
        return len(self._before) + len(self._after) + encoded


@dataclass(frozen=True, slots=True)
class Absence:
    """No page at an address: 404, or 410 for a withdrawn article.

    All such addresses of a language share one error page. `language` is the withdrawn article's; empty means the site's.
    From `until` on there may be a page although no document changed; None for most addresses.
    """

    status: int
    language: str = ""
    until: datetime | None = None

"""Static files under /static/. Each name holds a hash of the content, so caches can keep the file for ever.

The stylesheet is inlined in every page: on a bad network, one more request takes longer than its 7 KB, and it can get lost.
For the same reason all scripts are one file, but those of a discussion, which come when a reader comes near it.
"""

import hashlib
import mimetypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.http.csp import source_of
from shared.pictures import TONES
from shared.site.site import Colours, Site

DIRECTORY = Path(__file__).with_name("static")
PREFIX = "/static/"
LOGO = "icon.svg"
STYLE = "site.css"
# Sent as one file, in this order: the others use what site.js declares.
SCRIPTS = ("site.js", "search.js", "live_comments.js", "live.js")
SCRIPT = "scripts.js"
# Fetched when a reader comes near the comments.
DISCUSSION_SCRIPTS = ("comments.js", "own_comments.js", "votes.js")
DISCUSSION_SCRIPT = "discussion.js"
SERVED = frozenset({".png", ".svg", ".woff2"})
# 40 bits are enough for a dozen files and keep the URL short.
HASH_DIGITS = 10
REFERENCE = re.compile(r"url\(([^)\"':#]+)\)")
# Comments, line ends and indents of a stylesheet. No string in it may hold `/*`.
_STYLE_COMMENTS = re.compile(r"/\*.*?\*/|\n\s*", re.DOTALL)
# Comment lines and indents of a script. No string in it may span lines.
_SCRIPT_COMMENTS = re.compile(r"^\s*(//.*)?\n|^\s+", re.MULTILINE)

mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("text/javascript", ".js")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file to serve: its hashed path, its bytes, its media type."""

    url: str
    content: bytes
    media_type: str


class Assets:
    """All assets in memory, and the inline style of every page, with hashed paths in its `url()`.

    `style_source` is that style's source expression for a Content-Security-Policy.
    """

    def __init__(self, directory: Path = DIRECTORY, site: Site | None = None) -> None:
        self._by_name: Mapping[str, Asset] = dict(_load(directory, site))
        self.by_url: Mapping[str, Asset] = {asset.url: asset for asset in self._by_name.values()}
        self.style = self._style(directory / STYLE, site)
        self.style_source = source_of(self.style)

    def url(self, name: str) -> str:
        """The public path of a file in `static/`; KeyError where there is none."""
        return self._by_name[name].url

    def _style(self, path: Path, site: Site | None) -> str:
        style = _STYLE_COMMENTS.sub("", path.read_text("utf-8") + _tones() + _colours(site))
        return REFERENCE.sub(lambda match: f"url({self.url(match[1])})", style)


def _tones() -> str:
    """Placeholders of pictures. Every level is a doubled digit, so a colour has three."""
    return "".join(f".{name}{{background:#{colour[1::2]}}}" for name, colour in TONES.items())


def _colours(site: Site | None) -> str:
    """The site's own colours. They come last, so they override the shipped ones."""
    if site is None or site.colours is None:
        return ""
    light, dark = (_variables(colours) for colours in (site.colours.light, site.colours.dark))
    return (
        f"@media screen {{ :root {{ {light} }} }} "
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    )


def _variables(colours: Colours) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.model_dump().items())


def _load(directory: Path, site: Site | None) -> Iterator[tuple[str, Asset]]:
    replaced = {LOGO: site.logo} if site is not None and site.logo is not None else {}
    for path in sorted(directory.rglob("*")):
        if path.suffix in SERVED:
            name = path.relative_to(directory).as_posix()
            yield name, _asset(name, replaced.get(name, path).read_bytes())

    for script, parts in ((SCRIPT, SCRIPTS), (DISCUSSION_SCRIPT, DISCUSSION_SCRIPTS)):
        yield script, _asset(script, "".join(_script(directory / name) for name in parts).encode())


def _script(path: Path) -> str:
    return _SCRIPT_COMMENTS.sub("", path.read_text("utf-8"))


def _asset(name: str, content: bytes) -> Asset:
    digest = hashlib.sha256(content).hexdigest()[:HASH_DIGITS]
    stem, _, extension = name.rpartition(".")
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(f"{PREFIX}{stem}.{digest}.{extension}", content, media_type)

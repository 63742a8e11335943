"""The site's own files under /static/: each has a hash of its content in its name, so that it can be kept for ever.

The stylesheet is none of them: it stands in every page. On a bad network a request more costs a reader more time than its
7 KB, and a page whose stylesheet got lost is no page. For the same reason all scripts are one file.
"""

import hashlib
import mimetypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.http.csp import source_of
from shared.site.site import Colours, Site

DIRECTORY = Path(__file__).with_name("static")
PREFIX = "/static/"
LOGO = "icon.svg"
STYLE = "site.css"
# Each stands for itself, in this order; sent as one file of this name.
SCRIPTS = ("site.js", "search.js", "live.js")
SCRIPT = "scripts.js"
SERVED = frozenset({".png", ".svg", ".woff2"})
# Ten hex digits: 40 bits are plenty for a dozen files and keep the URL short.
HASH_DIGITS = 10
REFERENCE = re.compile(r"url\(([^)\"':#]+)\)")
# What a stylesheet says to us, and the space around it. No string in it may hold `/*`.
_FOR_PEOPLE = re.compile(r"/\*.*?\*/|\n\s*", re.DOTALL)
# The same of a script: lines that are a comment, and indents. No string in it may go over several lines.
_FOR_PEOPLE_IN_SCRIPTS = re.compile(r"^\s*(//.*)?\n|^\s+", re.MULTILINE)

mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("text/javascript", ".js")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent: its hashed path, its bytes, its media type."""

    url: str
    content: bytes
    media_type: str


class Assets:
    """All assets, in memory, and the style that stands in every page, with the hashed paths of the files it names.

    `style_source` is what a Content-Security-Policy calls that style.
    """

    def __init__(self, directory: Path = DIRECTORY, site: Site | None = None) -> None:
        self._by_name: Mapping[str, Asset] = dict(_load(directory, site))
        self.by_url: Mapping[str, Asset] = {asset.url: asset for asset in self._by_name.values()}
        self.style = self._style(directory / STYLE, site)
        self.style_source = source_of(self.style)

    def url(self, name: str) -> str:
        """The path under which a file of `static/` is served; KeyError where there is no such file."""
        return self._by_name[name].url

    def _style(self, path: Path, site: Site | None) -> str:
        written = path.read_text("utf-8") + _colours(site)
        return REFERENCE.sub(lambda match: f"url({self.url(match[1])})", _FOR_PEOPLE.sub("", written))


def _colours(site: Site | None) -> str:
    """The owner's colours, after those that are there."""
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
    owners = {LOGO: site.logo} if site is not None and site.logo is not None else {}
    for path in sorted(directory.rglob("*")):
        if path.suffix in SERVED:
            name = path.relative_to(directory).as_posix()
            yield name, _asset(name, owners.get(name, path).read_bytes())

    yield SCRIPT, _asset(SCRIPT, "".join(_script(directory / name) for name in SCRIPTS).encode())


def _script(path: Path) -> str:
    return _FOR_PEOPLE_IN_SCRIPTS.sub("", path.read_text("utf-8"))


def _asset(name: str, content: bytes) -> Asset:
    digest = hashlib.sha256(content).hexdigest()[:HASH_DIGITS]
    stem, _, extension = name.rpartition(".")
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(f"{PREFIX}{stem}.{digest}.{extension}", content, media_type)

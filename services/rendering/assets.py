"""The site's own files under /static/: each has a hash of its content in its name, so that it can be kept for ever."""

import hashlib
import mimetypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.site import Colours, Site

DIRECTORY = Path(__file__).with_name("static")
PREFIX = "/static/"
LOGO = "icon.svg"
STYLE = "site.css"
SERVED = frozenset({".css", ".js", ".png", ".svg", ".woff2"})
# Ten hex digits: 40 bits are plenty for a dozen files and keep the URL short.
HASH_DIGITS = 10
REFERENCE = re.compile(r"url\(([^)\"':#]+)\)")

mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("text/javascript", ".js")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent: its hashed path, its bytes, its media type."""

    url: str
    content: bytes
    media_type: str


class Assets:
    """All assets, in memory. A stylesheet's `url(...)` is rewritten to the hashed path of the file it names."""

    def __init__(self, directory: Path = DIRECTORY, site: Site | None = None) -> None:
        self._by_name: Mapping[str, Asset] = dict(_load(directory, _owners(site)))
        self.by_url: Mapping[str, Asset] = {asset.url: asset for asset in self._by_name.values()}

    def url(self, name: str) -> str:
        """The path under which a file of `static/` is served; KeyError where there is no such file."""
        return self._by_name[name].url


def _owners(site: Site | None) -> Mapping[str, bytes]:
    """What the owner puts in place of a file, or after what stands in it: a logo, colours."""
    owners: dict[str, bytes] = {}
    if site is not None and site.logo is not None:
        owners[LOGO] = site.logo.read_bytes()
    if site is not None and site.colours is not None:
        light, dark = (_variables(colours) for colours in (site.colours.light, site.colours.dark))
        night = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
        owners[STYLE] = f"@media screen {{ :root {{ {light} }} }}\n{night}\n".encode()
    return owners


def _variables(colours: Colours) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.model_dump().items())


def _load(directory: Path, owners: Mapping[str, bytes]) -> Iterator[tuple[str, Asset]]:
    loaded: dict[str, Asset] = {}
    # Stylesheets come last: they name the others by their hashed paths.
    paths = (path for path in directory.rglob("*") if path.suffix in SERVED)
    for path in sorted(paths, key=lambda path: (path.suffix == ".css", path)):
        name = path.relative_to(directory).as_posix()
        content = _resolved(path, loaded)
        if name in owners:
            content = content + owners[name] if name == STYLE else owners[name]
        loaded[name] = _asset(name, content)
        yield name, loaded[name]


def _resolved(path: Path, loaded: Mapping[str, Asset]) -> bytes:
    if path.suffix != ".css":
        return path.read_bytes()
    return REFERENCE.sub(lambda match: f"url({loaded[match[1]].url})", path.read_text("utf-8")).encode()


def _asset(name: str, content: bytes) -> Asset:
    digest = hashlib.sha256(content).hexdigest()[:HASH_DIGITS]
    stem, _, extension = name.rpartition(".")
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(f"{PREFIX}{stem}.{digest}.{extension}", content, media_type)

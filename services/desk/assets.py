"""Styles and scripts of the desk. Each address holds a hash of the content, so browsers keep a file for ever."""

import hashlib
import mimetypes
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from shared.http.problems import SECURITY_HEADERS
from shared.site.site import Colours, Site

DIRECTORY = Path(__file__).with_name("static")
PREFIX = "/desk/static/"
STYLE = "desk.css"
_HASH_DIGITS = 10
_HEADERS = {**SECURITY_HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}

mimetypes.add_type("text/javascript", ".js")


class DeskAssets:
    """All files in memory, by name and by address. The site's colours are written into the style."""

    def __init__(self, site: Site) -> None:
        self._urls: dict[str, str] = {}
        self._by_url: dict[str, tuple[bytes, str]] = {}
        for path in sorted(DIRECTORY.iterdir()):
            content = path.read_bytes()
            if path.name == STYLE:
                content = colours(site).encode() + content
            url = _url(path.name, content)
            self._urls[path.name] = url
            self._by_url[url] = content, mimetypes.guess_type(path.name)[0] or "application/octet-stream"

    def url(self, name: str) -> str:
        """The address of a file; KeyError where there is none."""
        return self._urls[name]

    async def serve(self, request: web.Request) -> web.Response:
        """Answer a request for a file."""
        found = self._by_url.get(request.path)
        if found is None:
            raise web.HTTPNotFound
        content, media_type = found
        answer = web.Response(body=content, content_type=media_type, charset="utf-8", headers=_HEADERS)
        answer.enable_compression()
        return answer


def colours(site: Site) -> str:
    """The custom properties of both colour schemes."""
    light, dark = (_properties(palette) for palette in (site.palette.light, site.palette.dark))
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"


def _properties(palette: Colours) -> str:
    named: Mapping[str, str] = palette.model_dump()
    return "".join(f"--{name}:{colour};" for name, colour in named.items())


def _url(name: str, content: bytes) -> str:
    stem, _, extension = name.rpartition(".")
    return f"{PREFIX}{stem}.{hashlib.sha256(content).hexdigest()[:_HASH_DIGITS]}.{extension}"

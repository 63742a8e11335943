"""The frame of the service's own pages, such as errors of forms: the site's colours, and nothing that they load.

So they work while other parts of the site do not.
"""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.http.csp import source_of
from shared.http.problems import SECURITY_HEADERS
from shared.site.site import Palette, Site

_HERE = Path(__file__).parent
_CSS = Path(__file__).with_name("plain_page.css").read_text("utf-8")


def templates_of(directory: Path) -> Environment:
    """Templates of a room, which extend `plain_page.html`."""
    loader = FileSystemLoader([directory, _HERE])
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def style_of(site: Site) -> str:
    """The text of the one style element."""
    return _colours(site.palette) + _CSS


def headers_of(style: str) -> Mapping[str, str]:
    """The headers of a page with this style: nobody keeps it, it runs nothing, and sends its forms to the site alone."""
    policy = (
        f"default-src 'none'; style-src {source_of(style)}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {**SECURITY_HEADERS, "Cache-Control": "no-store", "Content-Security-Policy": policy}


def _colours(palette: Palette) -> str:
    light, dark = (
        "".join(f"--{name}:{colour};" for name, colour in shades.model_dump().items())
        for shades in (palette.light, palette.dark)
    )
    return f":root{{color-scheme:light dark;{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}\n"

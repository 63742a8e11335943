"""Articles' Markdown as HTML: rendered without raw HTML, then sanitised, so that a mistake in one cannot become markup.

CommonMark with tables and strikethrough. Headings start at level 2, since level 1 is the headline's.
"""

from collections.abc import Sequence
from html import unescape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from services.ingestion.text import is_blank

EXTERNAL = "external noopener"
_TEXT = {"p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "a", "img"}
_TAGS = _TEXT | {"h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"}
_ATTRIBUTES = {
    "a": {"href", "title", "rel"},
    "img": {"src", "alt", "title", "loading", "decoding"},
    "ol": {"start"},
    "th": {"style"},
    "td": {"style"},
}
_ALIGNMENTS = frozenset(f"text-align:{side}" for side in ("left", "center", "right"))
_FIXED = {"rel": EXTERNAL, "loading": "lazy", "decoding": "async"}


def render(markdown: str) -> str:
    """The sanitised HTML of an article's text."""
    return sanitise(_markdown.render(markdown))


def sanitise(html: str) -> str:
    """Nothing but the tags, attributes and addresses that articles may have; the same again when done twice."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_keep,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )


def shows_nothing(html: str) -> bool:
    """Whether a reader would see neither a word nor a picture."""
    return "<img" not in html and is_blank(unescape(nh3.clean(html, tags=set())))


def is_site_path(url: str) -> bool:
    """Whether it is a path on the public site (and not `//host`, which browsers read as another host)."""
    return url.startswith("/") and not url.startswith(("//", "/\\"))


def _keep(tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return value if _may_lead_to(value) else None
    if name == "src":
        return value if value.startswith("https://") or is_site_path(value) else None
    if name == "style":
        return value if value in _ALIGNMENTS else None
    return _FIXED.get(name, value)


def _may_lead_to(url: str) -> bool:
    return url.startswith(("http://", "https://", "mailto:", "#")) or is_site_path(url)


def _open_link(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    if str(tokens[index].attrs.get("href", "")).startswith(("http://", "https://")):
        tokens[index].attrSet("rel", EXTERNAL)
    return renderer.renderToken(tokens, index, options, env)


def _show_image(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    tokens[index].attrSet("loading", "lazy")
    tokens[index].attrSet("decoding", "async")
    return renderer.image(tokens, index, options, env)


def _heading(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    if tokens[index].tag == "h1":
        tokens[index].tag = "h2"
    return renderer.renderToken(tokens, index, options, env)


def _set_up() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    rules: dict[str, Any] = {
        "link_open": _open_link,
        "image": _show_image,
        "heading_open": _heading,
        "heading_close": _heading,
    }
    for name, rule in rules.items():
        markdown.add_render_rule(name, rule)
    return markdown


_markdown = _set_up()

"""Articles' Markdown as HTML: rendered without raw HTML, then sanitised, so that one mistake cannot let markup through.

CommonMark with tables, strikethrough, footnotes, task and definition lists; web addresses become links. Headings start
at level 2, since the headline is level 1. `![alt](media:ID "caption")` is a picture of the paper's store: a figure where it
stands alone, several in one paragraph a gallery.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from services.ingestion.pictures import figures
from services.ingestion.pictures.figures import MOST_PICTURES
from services.ingestion.pictures.markdown_rules import (
    PICTURES_TOKEN,
    environment,
    inline_picture,
    join_pictures,
    show_pictures,
)
from services.ingestion.pictures.records import BodyPicture
from services.ingestion.pictures.references import SCHEME
from shared.links import AddressFinder, shown_address
from shared.pictures import PictureRecord
from shared.text import is_blank

EXTERNAL = "external noopener"
_TEXT = {"p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "a", "img", "sup"}
_LISTS = {"ul", "ol", "li", "dl", "dt", "dd", "section"}
_TAGS = _TEXT | _LISTS | figures.TAGS | {"h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"}
_OWN_ATTRIBUTES: Mapping[str, set[str]] = {
    "a": {"href", "title", "rel", "id", "role"},
    "img": {"src", "alt", "title", "loading", "decoding"},
    "ol": {"start"},
    "li": {"id", "class"},
    "section": {"class", "role"},
    "th": {"style"},
    "td": {"style"},
}
_ATTRIBUTES = {
    tag: set(_OWN_ATTRIBUTES.get(tag, ())) | set(figures.ATTRIBUTES.get(tag, ()))
    for tag in (*_OWN_ATTRIBUTES, *figures.ATTRIBUTES)
}
_ALIGNMENTS = frozenset(f"text-align:{side}" for side in ("left", "center", "right"))
# Notes are numbered through the text, and no other id of a page has this prefix, so ids stay unique.
_NOTE_ID = re.compile(r"fn(?:ref)?-[1-9][0-9]*(?:-[1-9][0-9]*)?")
_ROLES = frozenset({"doc-noteref", "doc-backlink", "doc-endnotes"})
_CLASSES = {"section": "footnotes", "li": "task-list-item"}
# A few megabytes of paragraphs: those of some fifty articles that people write at the same time.
_MOST_CACHED = 2_000
_LONGEST_CACHED = 4_000
# Marks that change paragraphs before or behind theirs.
_REACHES_FAR = re.compile(r"\]:|\[\^|```|~~~|\r|^[ \t]*[:~]", re.MULTILINE)
# With a letter at the start of each line, a paragraph is no list, quotation, heading, table, code or definition.
_PLAIN = re.compile(r"[^\W\d_][^\n]*(?:\n[^\W\d_][^\n]*)*")
_FIXED = {"rel": EXTERNAL, "loading": "lazy", "decoding": "async"}


@dataclass(frozen=True)
class RenderedBody:
    """A text's sanitised HTML, and the store's pictures in it, in order, the first MOST_PICTURES + 1."""

    html: str
    pictures: tuple[BodyPicture, ...] = ()


def render(markdown: str) -> str:
    """The sanitised HTML of a text, where the store has no pictures."""
    return render_body(markdown, {}).html


def render_body(markdown: str, pictures: Mapping[str, PictureRecord]) -> RenderedBody:
    """The sanitised HTML of an article's text. A picture that is not in `pictures` shows its alternative text.

    An automatic save comes every few seconds and changes one paragraph, so the HTML of plain paragraphs is cached.
    """
    shown: list[BodyPicture] = []
    parts = [_rendered(passage, pictures, shown) for passage in _passages(markdown)]
    return RenderedBody("".join(parts), tuple(shown[: MOST_PICTURES + 1]))


def render_whole(markdown: str) -> str:
    """The same HTML as `render`, without the cache."""
    return _render(markdown, {}, [])


def _rendered(passage: str, pictures: Mapping[str, PictureRecord], shown: list[BodyPicture]) -> str:
    if SCHEME in passage:
        return _render(passage, pictures, shown)
    return _cached(passage) if len(passage) <= _LONGEST_CACHED else _render(passage, {}, [])


@lru_cache(maxsize=_MOST_CACHED)
def _cached(passage: str) -> str:
    return _render(passage, {}, [])


def _render(markdown: str, pictures: Mapping[str, PictureRecord], shown: list[BodyPicture]) -> str:
    return sanitise(_markdown.render(markdown, environment(pictures, shown)))


def _passages(markdown: str) -> list[str]:
    """The text in parts whose HTML, joined, is the HTML of the text.

    A part ends only between two plain paragraphs, in a text without the marks that reach over blank lines: definitions of
    links and notes, fences, definition lists.
    """
    if _REACHES_FAR.search(markdown):
        return [markdown]
    passages: list[list[str]] = []
    is_plain = False
    for paragraph in markdown.split("\n\n"):
        was_plain, is_plain = is_plain, _PLAIN.fullmatch(paragraph) is not None
        if passages and not (was_plain and is_plain):
            passages[-1].append(paragraph)
        else:
            passages.append([paragraph])
    return ["\n\n".join(passage) for passage in passages]


def sanitise(html: str) -> str:
    """Keep only allowed tags, attributes and addresses. Idempotent."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_keep,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )


def shows_nothing(html: str) -> bool:
    """Whether the HTML has neither a visible character nor a picture."""
    return "<img" not in html and is_blank(unescape(nh3.clean(html, tags=set())))


def is_site_path(url: str) -> bool:
    """Whether it is a path on the public site. Browsers read `//host` and `/\\host` as another host."""
    return url.startswith("/") and not url.startswith(("//", "/\\"))


def _keep(tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return value if _is_allowed_target(value) else None
    if name == "src":
        return value if value.startswith("https://") or is_site_path(value) else None
    if name == "style":
        return value if value in _ALIGNMENTS else None
    if name == "id":
        return value if _NOTE_ID.fullmatch(value) else None
    if name == "role":
        return value if value in _ROLES else None
    if name == "class" and tag in _CLASSES:
        return value if value == _CLASSES[tag] else None
    if name in figures.ATTRIBUTES.get(tag, ()):
        return figures.allowed_value(tag, name, value)
    return _FIXED.get(name, value)


def _is_allowed_target(url: str) -> bool:
    return url.startswith(("http://", "https://", "mailto:", "#")) or is_site_path(url)


def _open_link(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    if str(tokens[index].attrs.get("href", "")).startswith(("http://", "https://")):
        tokens[index].attrSet("rel", EXTERNAL)
    return renderer.renderToken(tokens, index, options, env)


def _show_image(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    picture = inline_picture(renderer, tokens[index], options, env)
    if picture is not None:
        return picture
    tokens[index].attrSet("loading", "lazy")
    tokens[index].attrSet("decoding", "async")
    return renderer.image(tokens, index, options, env)


def _heading(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    if tokens[index].tag == "h1":
        tokens[index].tag = "h2"
    return renderer.renderToken(tokens, index, options, env)


def _note_id(token: Token) -> str:
    again = token.meta.get("subId", 0)
    return f"fnref-{token.meta['id'] + 1}" + (f"-{again + 1}" if again else "")


def _note_ref(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    number = tokens[index].meta["id"] + 1
    return f'<sup><a href="#fn-{number}" id="{_note_id(tokens[index])}" role="doc-noteref">[{number}]</a></sup>'


def _note_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    return f'<li id="fn-{tokens[index].meta["id"] + 1}">'


def _note_back(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    return f' <a href="#{_note_id(tokens[index])}" role="doc-backlink">↑</a>'


def _notes(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    return '<section class="footnotes" role="doc-endnotes">\n<ol>\n'


def _box(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """The box of a task. No other HTML is in the text: raw HTML is switched off."""
    return "☑" if "checked=" in tokens[index].content else "☐"


def _set_up() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "linkify": True})
    markdown.enable(["table", "strikethrough", "linkify"])
    markdown.use(footnote_plugin, inline=False).use(tasklists_plugin).use(deflist_plugin)
    markdown.core.ruler.push("join_pictures", join_pictures)
    markdown.linkify = AddressFinder()
    _show_honest_addresses(markdown)
    rules: dict[str, Any] = {
        "link_open": _open_link,
        "image": _show_image,
        PICTURES_TOKEN: show_pictures,
        "heading_open": _heading,
        "heading_close": _heading,
        "footnote_ref": _note_ref,
        "footnote_block_open": _notes,
        "footnote_open": _note_open,
        "footnote_anchor": _note_back,
        "html_inline": _box,
    }
    for name, rule in rules.items():
        markdown.add_render_rule(name, rule)
    return markdown


def _show_honest_addresses(markdown: MarkdownIt) -> None:
    """Undo the library's own decoding of punycode where the result could be taken for another host."""
    decode = markdown.normalizeLinkText

    def shown(url: str) -> str:
        return shown_address(decode(url)) or url

    markdown.normalizeLinkText = shown  # type: ignore[assignment,method-assign]


_markdown = _set_up()

"""Readers' plain text: what of it is taken, and the HTML it becomes."""

import re
import unicodedata

import nh3
from linkify_it.main import LinkifyIt
from markupsafe import escape

_BREAKS = re.compile(r"\r\n?|[\u2028\u2029\u0085]")
_PARAGRAPHS = re.compile(r"\n[ \t\n]*\n")
# Marks that turn the direction of what follows them: harmless in prose, a way to forge a name.
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINK_RELATION = "nofollow ugc noopener"
_LINK_SCHEMES = {"http", "https"}

_links = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})


class NotPlainText(ValueError):
    """The text holds what no keyboard makes on purpose, or nothing that can be seen."""


def tidy_line(text: str) -> str:
    """One line in composed form, without space around it. Raises NotPlainText for control characters or nothing to see."""
    text = unicodedata.normalize("NFC", text).strip()
    if any(_is_control(character) or character in _TURNS for character in text):
        raise NotPlainText("Control characters are not allowed.")
    return _seen(text)


def tidy_prose(text: str) -> str:
    """Several lines, their ends made `\\n`; tabs may stay. Raises NotPlainText as `tidy_line`."""
    text = _BREAKS.sub("\n", unicodedata.normalize("NFC", text)).strip()
    if any(_is_control(character) and character not in "\n\t" for character in text):
        raise NotPlainText("Control characters are not allowed.")
    return _seen(text)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def _seen(text: str) -> str:
    if text and all(unicodedata.category(character)[0] in "CZM" for character in text):
        raise NotPlainText("There is nothing to read in it.")
    return text


def to_html(text: str) -> str:
    """Paragraphs, line breaks and links of a plain text; whatever else is in it shows as it was typed.

    The sanitiser has the last word on it, so that a mistake here cannot become markup.
    """
    paragraphs = _PARAGRAPHS.split(text.strip("\n"))
    html = "".join(f"<p>{_with_links(paragraph.strip()).replace(chr(10), '<br>')}</p>" for paragraph in paragraphs)
    return nh3.clean(
        html,
        tags={"p", "br", "a"},
        attributes={"a": {"href"}},
        url_schemes=_LINK_SCHEMES,
        link_rel=_LINK_RELATION,
    )


def _with_links(text: str) -> str:
    pieces: list[str] = []
    end = 0
    for link in _links.match(text) or ():
        anchor = f'<a href="{escape(link.url)}">{escape(text[link.index : link.last_index])}</a>'
        if link.schema in ("http:", "https:") and _leads_somewhere(anchor):
            pieces += [str(escape(text[end : link.index])), anchor]
            end = link.last_index
    return "".join(pieces) + str(escape(text[end:]))


def _leads_somewhere(anchor: str) -> bool:
    """Whether the sanitiser leaves the address in: it drops one that no browser could parse, such as an unassigned host."""
    return " href=" in nh3.clean(
        anchor, tags={"a"}, attributes={"a": {"href"}}, url_schemes=_LINK_SCHEMES, link_rel=None
    )

"""A reader's plain text as HTML: paragraphs, line breaks and links."""

import re

import nh3
from markupsafe import escape

from shared.links import AddressFinder, shown_address

_PARAGRAPHS = re.compile(r"\n[ \t\n]*\n")
_LINK_RELATION = "nofollow ugc noopener"
_LINK_SCHEMES = {"http", "https"}

_addresses = AddressFinder()


def to_html(text: str) -> str:
    """Paragraphs, line breaks and links; anything else shows as typed.

    The sanitiser comes last, so that a mistake here cannot become markup.
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
    done = 0
    for start, end in _addresses.spans(text):
        shown = shown_address(text[start:end])
        anchor = f'<a href="{escape(shown)}">{escape(shown)}</a>'
        if shown is not None and _has_valid_address(anchor):
            pieces += [str(escape(text[done:start])), anchor]
            done = end
    return "".join(pieces) + str(escape(text[done:]))


def _has_valid_address(anchor: str) -> bool:
    """Whether the sanitiser keeps the address. It drops one that no browser can parse, such as an unassigned host."""
    return " href=" in nh3.clean(
        anchor, tags={"a"}, attributes={"a": {"href"}}, url_schemes=_LINK_SCHEMES, link_rel=None
    )

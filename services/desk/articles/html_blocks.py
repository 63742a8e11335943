"""The text of an article's HTML by block, for comparisons of what readers see. Pure."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Literal

BlockKind = Literal["p", "heading", "quote", "item", "pre"]

_KINDS: dict[str, BlockKind] = {
    **dict.fromkeys(("p", "td", "th", "dt", "dd"), "p"),
    **dict.fromkeys(("h2", "h3", "h4", "h5", "h6"), "heading"),
    "li": "item",
    "pre": "pre",
}
# A block within one of these takes its kind.
_OUTER: dict[str, BlockKind] = {"blockquote": "quote", "li": "item"}
_SPACE = re.compile(r"\s+")
_BLANK_LINES = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class TextBlock:
    """A block's text, without blank lines; a picture is its description in square brackets."""

    kind: BlockKind
    text: str


class _Blocks(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[TextBlock] = []
        self._open: list[str] = []
        self._kind: BlockKind = "p"
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self._text += f"[{dict(attrs).get('alt') or ''}]"
        elif tag == "br":
            self._text += "\n"
        elif tag in _KINDS or tag in _OUTER:
            self.end_block()
            self._kind = next((_OUTER[name] for name in reversed(self._open) if name in _OUTER), _KINDS.get(tag, "p"))
            if tag == "pre":
                self._kind = "pre"
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _KINDS or tag in _OUTER:
            self.end_block()
            if tag in self._open:
                del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        self._text += data

    def end_block(self) -> None:
        """Keep the text so far as a block."""
        text = _BLANK_LINES.sub("\n", self._text) if self._kind == "pre" else _SPACE.sub(" ", self._text)
        if text.strip():
            self.found.append(TextBlock(self._kind, text.strip()))
        self._text, self._kind = "", "p"


def blocks_of(html: str) -> list[TextBlock]:
    """The blocks of sanitised HTML, in order."""
    parser = _Blocks()
    parser.feed(html)
    parser.close()
    parser.end_block()
    return parser.found

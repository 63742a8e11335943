"""An article's HTML as our own pages show it: what scrolls sideways is a part with a name that a keyboard reaches."""

import re
from html import escape
from itertools import count

from markupsafe import Markup

from services.rendering.pages.language import Language

# A whole tag with its attributes: a `<table>` in a title is none.
_TAG = re.compile(r"""<(/?)([a-z][a-z0-9]*)(?:[^<>"]|"[^"]*")*>""")
_SCROLLING = ("table", "pre")


def reachable(body_html: str, lang: Language) -> Markup:
    """The same sanitised HTML, its tables and code each in a region that can be focused, numbered by kind.

    The region is around them: a table that is one itself is a table no longer.
    """
    numbers = {name: count(1) for name in _SCROLLING}

    def with_region(tag: re.Match[str]) -> str:
        name = tag[2]
        if name not in numbers:
            return tag[0]
        if tag[1]:
            return f"{tag[0]}</div>"
        label = escape(lang.text(f"scrolling.{name}", number=lang.number(next(numbers[name]))))
        return f'<div class="scrolling" role="region" tabindex="0" aria-label="{label}">{tag[0]}'

    return Markup(_TAG.sub(with_region, body_html))

"""Every kind of page rendered from samples, and a strict parser for them."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element

import html5lib

from services.rendering.pages.templates import Templates
from shared.site.site import load_site
from tests.support import look_samples as samples

BASE_URL = "https://monitor.example"
TEMPLATES = Templates(load_site(None), BASE_URL)
# Fields that choose among fixed words; all other strings are free text.
_CHOICES = {"kind", "window", "path"}


@cache
def parsed(page: str) -> Element:
    """The page as a tree; any parse error of the HTML standard is an exception."""
    root: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    return root


def texts(root: Element, path: str) -> list[str]:
    return [" ".join("".join(found.itertext()).split()) for found in root.findall(path)]


def elements(root: Element) -> Iterator[Element]:
    return (element for element in root.iter() if isinstance(element.tag, str))


def with_texts(view: Any, text: str) -> Any:
    """The view with every text replaced by `text`; where that holds `{field}`, the field's name, HTML fields too."""
    if isinstance(view, tuple):
        return tuple(with_texts(part, text) for part in view)
    if is_dataclass(view) and not isinstance(view, type):
        return replace(view, **{f.name: _replaced(f.name, getattr(view, f.name), text) for f in fields(view)})
    return view


def _replaced(name: str, value: Any, text: str) -> Any:
    if not isinstance(value, str):
        return with_texts(value, text)
    is_kept = name in _CHOICES or (name.endswith("_html") and "{field}" not in text)
    return value if is_kept else text.replace("{field}", name)


def rendered(text: str) -> list[str]:
    """Every kind of page with all its texts replaced."""
    article = with_texts(samples.article(), text)
    return [
        TEMPLATES.home(with_texts(samples.home(), text)),
        TEMPLATES.article(article),
        TEMPLATES.article(replace(article, language="ar")),
        TEMPLATES.list_page(with_texts(samples.section_list(), text)),
        TEMPLATES.list_page(with_texts(samples.tag_list(), text)),
        TEMPLATES.history(with_texts(samples.history(), text)),
        TEMPLATES.corrections(with_texts(samples.corrections(), text)),
        TEMPLATES.static_page(with_texts(samples.static_page(), text)),
        TEMPLATES.error(with_texts(samples.lost(), text)),
        TEMPLATES.popular(with_texts(samples.popular(), text)),
    ]

"""Renders views as HTML: one method for each kind of page. Callers know no template."""

import re
from collections.abc import Mapping
from html import escape
from itertools import count
from pathlib import Path

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.bccache import Bucket
from markupsafe import Markup

from services.rendering.pages.assets import Assets
from services.rendering.pages.comment_models import LiveCommentView
from services.rendering.pages.language import Language, Languages
from services.rendering.pages.metadata import About, Metadata
from services.rendering.pages.models import (
    ArticleView,
    CorrectionsView,
    ErrorView,
    HistoryView,
    HomeView,
    ListView,
    SearchView,
    StaticView,
)
from services.rendering.pages.pictures import shown, with_early_picture
from services.rendering.pages.popular_models import ArchiveView, PopularPageView, PopularView
from services.rendering.pages.static_pages import load_static_pages
from shared.site.pages import SHIPPED
from shared.site.site import Site
from shared.site.words import direction
from shared.text import close_marks
from shared.times import rfc3339

DIRECTORY = Path(__file__).with_name("templates")

# Placeholder of Popular News, once in every page: a new ranking replaces it without rendering the page again.
# Sanitised bodies hold no comments and all other text is escaped, so no text can add a second one.
POPULAR_SLOT = "<!--popular-news-->"


class Templates:
    """Every kind of page as a pure function of its view. Safe to share between tasks and threads.

    `base_url` is the public address without a trailing slash, for canonical and share links. `notifies`: readers can ask for
    mails about replies.
    """

    def __init__(self, site: Site, base_url: str, *, notifies: bool = False) -> None:
        self.assets = Assets(site=site)
        self.own_pages = load_static_pages(site.pages or SHIPPED)
        self._languages = Languages(site.language)
        self._metadata = Metadata(site, base_url, self.assets)
        self._environment = _environment(site, base_url, self.assets, self.own_pages)
        self._environment.globals["notifies"] = notifies
        self._environment.globals["site_language"] = self._languages.of_site.code

    def home(self, view: HomeView) -> str:
        """The front page."""
        lang = self._languages.of_site
        return self._page("home.html", view, lang, self._metadata.home(view, lang))

    def article(self, view: ArticleView) -> str:
        """An article. The whole page is in its language, if the chrome is translated into it."""
        lang = self._languages.of_page(view.language)
        return self._page("article.html", view, lang, self._metadata.article(view, lang))

    def list_page(self, view: ListView) -> str:
        """A page of a section, a tag or an author."""
        lang = self._languages.of_site
        return self._page("list.html", view, lang, self._metadata.list_page(view, lang))

    def history(self, view: HistoryView) -> str:
        """The public history of an article, in its language."""
        return self._page("history.html", view, self._languages.of_page(view.language))

    def corrections(self, view: CorrectionsView) -> str:
        """A page of the list of all corrections."""
        lang = self._languages.of_site
        return self._page("corrections.html", view, lang, self._metadata.corrections(view, lang))

    def static_page(self, view: StaticView) -> str:
        """About, Contact, Privacy."""
        return self._page("static.html", view, self._languages.of_site, self._metadata.static_page(view))

    def search(self, view: SearchView) -> str:
        """A page of search results."""
        return self._page("search.html", view, self._languages.of_page(view.language))

    def error(self, view: ErrorView) -> str:
        """The page for an error status."""
        return self._page("error.html", view, self._languages.of_page(view.language))

    def comment(self, view: LiveCommentView) -> str:
        """One comment, as in its article's page."""
        return self._page("comment.html", view, self._languages.of_page(view.language))

    def comments_title(self, total: int, language: str) -> str:
        """The heading of an article's comments."""
        lang = self._languages.of_page(language)
        return lang.count("comments", total) if total else lang.text("comments.title")

    def popular_page(self, view: PopularPageView) -> str:
        """The page around the ranking of one window."""
        lang = self._languages.of_page(view.language)
        return self._page("popular_page.html", view, lang, self._metadata.popular_page(view, lang))

    def archive(self, view: ArchiveView) -> str:
        """The ranking of a day or a week."""
        lang = self._languages.of_page(view.language)
        return self._page("archive.html", view, lang, self._metadata.archive(view, lang))

    @property
    def languages(self) -> frozenset[str]:
        """The languages of the chrome."""
        return self._languages.codes

    def language_of(self, code: str) -> str:
        """The chrome's language on a page in `code`."""
        return self._languages.of_page(code).code

    def popular(self, view: PopularView) -> str:
        """The fragment that replaces POPULAR_SLOT on pages in the view's language."""
        return self._page("popular.html", view, self._languages.of_page(view.language))

    def _page(self, template: str, view: object, language: Language, about: About | None = None) -> str:
        return self._environment.get_template(template).render(view=view, lang=language, about=about)


# A whole tag with its attributes, so that a `<table>` inside a title attribute does not match.
_TAG = re.compile(r"""<(/?)([a-z][a-z0-9]*)(?:[^<>"]|"[^"]*")*>""")
_SCROLLING = ("table", "pre")


def with_regions(body_html: str, lang: Language) -> Markup:
    """Sanitised HTML with each table and code block in a focusable, named region: a keyboard can scroll it.

    A wrapper, because `role="region"` on the table itself would take its role of a table.
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


class _MemoryBytecodeCache(BytecodeCache):
    """Compiled templates, shared by all environments of this process and its forks: compiling takes 0.35 s.

    Jinja2 compares checksums, so a changed template is compiled again.
    """

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (compiled := self._compiled.get(bucket.key)) is not None:
            bucket.bytecode_from_string(compiled)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


_BYTECODE = _MemoryBytecodeCache()


def _environment(site: Site, base_url: str, assets: Assets, own_pages: Mapping[str, StaticView]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(DIRECTORY),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
        bytecode_cache=_BYTECODE,
    )
    environment.filters.update(
        closed=close_marks, rfc3339=rfc3339, with_early_picture=with_early_picture, with_regions=with_regions
    )
    environment.globals.update(
        site=site,
        base_url=base_url,
        asset=assets.url,
        style=Markup(assets.style),
        direction=direction,
        popular_slot=POPULAR_SLOT,
        shown=shown,
        own_pages=own_pages,
    )
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)
    return environment


def _finalize(value: object) -> object:
    """Every plain text in every template, also in titles and attributes. HTML (Markup) has been made from such texts."""
    return close_marks(value) if isinstance(value, str) and not isinstance(value, Markup) else value

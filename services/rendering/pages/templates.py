"""Turns views into HTML: one method a kind of page. The gateway renders through this and knows no template."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from services.rendering.pages.assets import Assets
from services.rendering.pages.bodies import reachable
from services.rendering.pages.bytecode import BYTECODE
from services.rendering.pages.language import Language, Languages, direction
from services.rendering.pages.metadata import About, Metadata
from services.rendering.pages.models import (
    ArticleView,
    ErrorView,
    HomeView,
    ListView,
    LiveCommentView,
    PopularPageView,
    PopularView,
    SearchView,
    StaticView,
)
from services.rendering.pages.static_pages import load_static_pages
from shared.site.pages import SHIPPED
from shared.site.site import Site
from shared.times import rfc3339

DIRECTORY = Path(__file__).with_name("templates")

# Stands once in every page where Popular News belongs: a ranking moves without any page being rendered again.
# Sanitised bodies hold no comments and everything else is escaped, so no text can bring in a second one.
POPULAR_SLOT = "<!--popular-news-->"


class Templates:
    """Every kind of page as a pure function of its view; safe to share between tasks and threads.

    `base_url` is the public address without a slash at its end, for canonical links and sharing.
    """

    def __init__(self, site: Site, base_url: str) -> None:
        self.assets = Assets(site=site)
        self.own_pages = load_static_pages(site.pages or SHIPPED)
        self._languages = Languages(site.language)
        self._metadata = Metadata(site, base_url, self.assets)
        self._environment = _environment(site, base_url, self.assets, self.own_pages)
        self._environment.globals["site_language"] = self._languages.of_site.code

    def home(self, view: HomeView) -> str:
        """The front page."""
        lang = self._languages.of_site
        return self._page("home.html", view, lang, self._metadata.home(view, lang))

    def article(self, view: ArticleView) -> str:
        """An article, in its own language throughout where the chrome speaks that language."""
        lang = self._languages.of_page(view.language)
        return self._page("article.html", view, lang, self._metadata.article(view, lang))

    def list_page(self, view: ListView) -> str:
        """A page of a section, a tag or an author."""
        lang = self._languages.of_site
        return self._page("list.html", view, lang, self._metadata.list_page(view, lang))

    def static_page(self, view: StaticView) -> str:
        """About, Contact, Privacy."""
        return self._page("static.html", view, self._languages.of_site, self._metadata.static_page(view))

    def search(self, view: SearchView) -> str:
        """What a reader's search has found."""
        return self._page("search.html", view, self._languages.of_page(view.language))

    def error(self, view: ErrorView) -> str:
        """What a reader sees when there is no page to give."""
        return self._page("error.html", view, self._languages.of_page(view.language))

    def comment(self, view: LiveCommentView) -> str:
        """One comment as it stands in its article's page."""
        return self._page("comment.html", view, self._languages.of_page(view.language))

    def comments_title(self, total: int, language: str) -> str:
        """What stands above an article's comments."""
        lang = self._languages.of_page(language)
        return lang.count("comments", total) if total else lang.text("comments.title")

    def popular_page(self, view: PopularPageView) -> str:
        """The page around a window's ranking."""
        lang = self._languages.of_page(view.language)
        return self._page("popular_page.html", view, lang, self._metadata.popular_page(view, lang))

    @property
    def languages(self) -> frozenset[str]:
        """The languages that the chrome speaks."""
        return self._languages.codes

    def language_of(self, code: str) -> str:
        """The language in which the chrome of a page in `code` is."""
        return self._languages.of_page(code).code

    def popular(self, view: PopularView) -> str:
        """The fragment that takes POPULAR_SLOT's place on pages in the view's language."""
        return self._page("popular.html", view, self._languages.of_page(view.language))

    def _page(self, template: str, view: object, language: Language, about: About | None = None) -> str:
        return self._environment.get_template(template).render(view=view, lang=language, about=about)


def _environment(site: Site, base_url: str, assets: Assets, own_pages: Mapping[str, StaticView]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(DIRECTORY),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
        bytecode_cache=BYTECODE,
    )
    environment.filters["reachable"] = reachable
    environment.filters["rfc3339"] = rfc3339
    environment.globals.update(
        site=site,
        base_url=base_url,
        asset=assets.url,
        style=Markup(assets.style),
        direction=direction,
        popular_slot=POPULAR_SLOT,
        own_pages=own_pages,
    )
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)
    return environment

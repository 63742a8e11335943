"""Turns views into HTML: one method a kind of page. The gateway renders through this and knows no template."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.rendering.assets import Assets
from services.rendering.language import Language, Languages, direction
from services.rendering.views import ArticleView, ErrorView, HomeView, ListView, PopularView, SearchView, StaticView
from shared.site import Site

DIRECTORY = Path(__file__).with_name("templates")

# Stands once in every page where Popular News belongs: a ranking moves without any page being rendered again.
# Sanitised bodies hold no comments and everything else is escaped, so no text can bring in a second one.
POPULAR_SLOT = "<!--popular-news-->"


class Templates:
    """Every kind of page as a pure function of its view; safe to share between tasks and threads.

    `base_url` is the public address without a slash at its end, for canonical links and sharing.
    """

    def __init__(self, site: Site, base_url: str) -> None:
        self.assets = Assets()
        self._languages = Languages(site.language)
        self._environment = _environment(site, base_url, self.assets)

    def home(self, view: HomeView) -> str:
        """The front page."""
        return self._page("home.html", view, self._languages.of_site)

    def article(self, view: ArticleView) -> str:
        """An article, in its own language throughout where the chrome speaks that language."""
        return self._page("article.html", view, self._languages.of_page(view.language))

    def list_page(self, view: ListView) -> str:
        """A page of a section, a tag or an author."""
        return self._page("list.html", view, self._languages.of_site)

    def static_page(self, view: StaticView) -> str:
        """About, Contact, Privacy."""
        return self._page("static.html", view, self._languages.of_site)

    def search(self, view: SearchView) -> str:
        """What a reader's search has found."""
        return self._page("search.html", view, self._languages.of_site)

    def error(self, view: ErrorView) -> str:
        """What a reader sees when there is no page to give."""
        return self._page("error.html", view, self._languages.of_site)

    def popular(self, view: PopularView) -> str:
        """The fragment that takes POPULAR_SLOT's place on pages in the view's language."""
        return self._page("popular.html", view, self._languages.of_page(view.language))

    def _page(self, template: str, view: object, language: Language) -> str:
        return self._environment.get_template(template).render(view=view, lang=language)


def _environment(site: Site, base_url: str, assets: Assets) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(DIRECTORY),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    environment.globals.update(
        site=site, base_url=base_url, asset=assets.url, direction=direction, popular_slot=POPULAR_SLOT
    )
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)
    return environment

"""Writes every kind of page into a folder, for a look in a browser: `python -m tests.support.look_preview DIRECTORY`.

Serve the folder with `python -m http.server`, with your own pictures in `media/`.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from services.rendering.pages.models import CorrectionsView, HomeView, SearchView
from services.rendering.pages.popular_models import PopularPageView, PopularView
from services.rendering.pages.templates import POPULAR_SLOT, Templates
from shared.site.site import load_site
from tests.support import look_samples as samples
from tests.support import stored_pictures


def pages(templates: Templates) -> Mapping[str, str]:
    """Every kind of page with its difficult cases, by file name."""
    article = samples.article()
    plain = replace(article, picture=None, corrections=(), corrected_at=None, standfirst="", tags=(), recommended=())
    return {
        "home": templates.home(samples.home()),
        "home-empty": templates.home(HomeView()),
        "article": templates.article(article),
        "article-arabic": templates.article(samples.arabic_article()),
        "article-french": templates.article(replace(article, language="fr")),
        "article-long": templates.article(replace(article, headline=samples.LONG_HEADLINE)),
        "article-pictures": templates.article(stored_pictures.article(stored_pictures.TALL)),
        "article-short": templates.article(replace(article, headline="Goalkeepers", years_old=1)),
        "article-plain": templates.article(replace(plain, comments=samples.comments(0), previous=None)),
        "article-closed": templates.article(
            replace(article, comments=replace(samples.comments(2), open=False, closed_at=samples.NOW, sort="best"))
        ),
        "article-noted": templates.article(replace(article, noted="report")),
        "article-discussed": templates.article(replace(article, comments=samples.comments(50, page=1, pages=2))),
        "section": templates.list_page(samples.section_list()),
        "tag": templates.list_page(samples.tag_list()),
        "preview": templates.article(replace(article, preview=True, has_history=False)),
        "history": templates.history(samples.history()),
        "history-arabic": templates.history(samples.arabic_history()),
        "corrections": templates.corrections(samples.corrections()),
        "corrections-empty": templates.corrections(CorrectionsView()),
        "popular": templates.popular_page(
            PopularPageView(
                "7d", "/popular?window=7d&section=africa", "africa", "en", "/popular/2026-11-28", "/popular/2026-W48"
            )
        ),
        "archive": templates.archive(samples.archive()),
        "archive-arabic": templates.archive(replace(samples.archive("week"), language="ar")),
        "search": templates.search(samples.results()),
        "search-arabic": templates.search(replace(samples.results(), language="ar")),
        "search-nothing": templates.search(replace(samples.results(), found=(), total=0, pages=1)),
        "search-empty": templates.search(SearchView("")),
        **{path[1:]: templates.static_page(page) for path, page in templates.own_pages.items()},
        "404": templates.error(samples.lost(404)),
        "410": templates.error(samples.lost(410)),
        "410-arabic": templates.error(replace(samples.lost(410), language="ar")),
        "503": templates.error(replace(samples.lost(503), latest=())),
    }


def main(directory: Path) -> None:
    """Write the pages, with Popular News, and the assets."""
    templates = Templates(load_site(None), "http://127.0.0.1:8080")
    for asset in templates.assets.by_url.values():
        target = directory / asset.url.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(asset.content)
    for name, page in pages(templates).items():
        ranking = samples.popular("ar" if "arabic" in name else "en")
        ranking = {"home": samples.rising(), "home-empty": PopularView("24h")}.get(name, ranking)
        fragment = templates.popular(ranking)
        (directory / f"{name}.html").write_text(page.replace(POPULAR_SLOT, fragment), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

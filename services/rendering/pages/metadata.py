"""Metadata of pages: descriptions, cards for sharing, linked data (schema.org as JSON-LD). Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import unescape
from urllib.parse import quote

import orjson

from services.rendering.pages.addresses import CORRECTIONS
from services.rendering.pages.assets import Assets
from services.rendering.pages.language import Language
from services.rendering.pages.models import (
    ArticleView,
    CorrectionsView,
    HomeView,
    ListView,
    Picture,
    StaticView,
)
from services.rendering.pages.pictures import PictureFile, card_file, card_files
from services.rendering.pages.popular import PATH as POPULAR
from services.rendering.pages.popular_models import ArchiveView, PopularPageView
from shared.site.site import Site
from shared.text import close_marks
from shared.times import rfc3339

# Search engines cut longer descriptions.
_DESCRIPTION = 200
_TAGS = re.compile(r"<[^>]*>")
_LOGO, _LOGO_PX = "icon-512.png", 512

Thing = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SharedPicture:
    """A picture for cards, with its absolute address; width and height where known."""

    url: str
    alt: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class FeedLink:
    """The feeds of a page, at `<path>/feed.xml`, `atom.xml` and `feed.json`."""

    title: str
    path: str


@dataclass(frozen=True, slots=True)
class About:
    """A page's metadata. `properties` are further Open Graph properties; `data` is its linked data, safe inside a script."""

    title: str
    description: str
    url: str
    kind: str
    picture: SharedPicture
    large_card: bool
    feeds: tuple[FeedLink, ...]
    data: tuple[str, ...]
    properties: tuple[tuple[str, str], ...] = ()
    oembed_url: str = ""
    robots: str = "max-image-preview:large"


def as_script(thing: Thing) -> str:
    """JSON for a script element: holds no character of HTML's syntax, so it cannot end the script."""
    text = orjson.dumps({"@context": "https://schema.org", **_closed_mapping(thing)}).decode()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _closed_mapping(thing: Thing) -> Thing:
    return {name: _closed_value(value) for name, value in thing.items()}


def _closed_value(value: object) -> object:
    match value:
        case str():
            return close_marks(value)
        case list():
            return [_closed_value(part) for part in value]
        case dict():
            return _closed_mapping(value)
        case _:
            return value


def modified_at(view: ArticleView) -> datetime:
    """The latest date on the page."""
    return max(view.published_at, view.updated_at or view.published_at, view.corrected_at or view.published_at)


class Metadata:
    """Makes every page's metadata. `base_url` is the public address without a trailing slash."""

    def __init__(self, site: Site, base_url: str, assets: Assets) -> None:
        self._site = site
        self._base_url = base_url
        self._logo = SharedPicture(base_url + assets.url(_LOGO), site.name, _LOGO_PX, _LOGO_PX)
        self._site_feed = FeedLink(site.name, "")

    def home(self, view: HomeView, lang: Language) -> About:
        """The front page: the publisher and the site's search."""
        tagline = self._site.tagline_in(lang.code)
        lead = view.lead.picture if view.lead is not None else None
        website = {
            "@type": "WebSite",
            "name": self._site.name,
            "url": f"{self._base_url}/",
            "description": tagline,
            "inLanguage": self._site.language,
            "potentialAction": {
                "@type": "SearchAction",
                "target": {
                    "@type": "EntryPoint",
                    "urlTemplate": f"{self._base_url}/search?q={{search_term_string}}",
                },
                "query-input": "required name=search_term_string",
            },
        }
        things = [website, self._publisher()]
        return self._about(self._site.name_in(lang.code), tagline, "/", "website", lead, things)

    def article(self, view: ArticleView, lang: Language) -> About:
        """An article."""
        section = self._section(view.section, lang)
        description = view.standfirst or _shortened(view.body_html)
        trail = [(lang.text("home"), "/"), (section, f"/{view.section}"), (view.headline, view.url)]
        about = self._about(
            view.headline,
            description,
            view.url,
            "article",
            view.picture,
            [self._news_article(view, section, description), self._breadcrumb(trail)],
            feeds=(FeedLink(section, f"/{view.section}"),),
            properties=self._properties(view, section),
            oembed_url=f"{self._base_url}/v1/oembed?url={quote(self._base_url + view.url, safe='')}&format=json",
        )
        return replace(about, robots="noindex") if view.preview else about

    def _news_article(self, view: ArticleView, section: str, description: str) -> Thing:
        authors = [
            {"@type": "Person", "name": byline.text, "url": self._base_url + byline.url} for byline in view.bylines
        ]
        news: dict[str, object] = {
            "@type": "NewsArticle",
            "headline": view.headline,
            "description": description,
            "mainEntityOfPage": self._base_url + view.url,
            "url": self._base_url + view.url,
            "datePublished": rfc3339(view.published_at),
            "dateModified": rfc3339(modified_at(view)),
            "author": authors or [self._publisher()],
            "publisher": self._publisher(),
            "articleSection": section,
            "keywords": [tag.text for tag in view.tags],
            "inLanguage": view.language,
            "isAccessibleForFree": True,
            "commentCount": view.comments.total,
        }
        if view.picture is not None:
            news["image"] = [self._image(file, view.picture) for file in card_files(view.picture)]
        if view.corrections:
            news["correction"] = [
                {"@type": "CorrectionComment", "text": note.note, "datePublished": rfc3339(note.at)}
                for note in view.corrections
            ]
        return news

    def _properties(self, view: ArticleView, section: str) -> tuple[tuple[str, str], ...]:
        return (
            ("article:published_time", rfc3339(view.published_at)),
            ("article:modified_time", rfc3339(modified_at(view))),
            ("article:section", section),
            *(("article:author", self._base_url + byline.url) for byline in view.bylines),
            *(("article:tag", tag.text) for tag in view.tags),
        )

    def list_page(self, view: ListView, lang: Language) -> About:
        """A page of a section, a tag or an author."""
        name = self._section(view.section, lang) if view.kind == "section" else view.title
        path = view.path if view.page is None else f"{view.path}?page={view.page}"
        site = self._site.name_in(lang.code)
        return self._about(
            name,
            lang.text(f"list.{view.kind}_about", name=name, site=site),
            path,
            "website",
            next((card.picture for card in view.cards if card.picture is not None), None),
            [self._breadcrumb([(lang.text("home"), "/"), (name, view.path)])],
            feeds=(FeedLink(f"{name} – {site}", view.path),),
        )

    def popular_page(self, view: PopularPageView, lang: Language) -> About:
        """A window's ranking."""
        title = lang.text("popular.title")
        if view.section:
            title = f"{title} – {self._section(view.section, lang)}"
        description = f"{title} – {lang.text(f'popular.window.{view.window}')}"
        return self._about(title, description, view.path, "website", None, [])

    def archive(self, view: ArchiveView, lang: Language) -> About:
        """The ranking of a day or a week. Not for search engines while its numbers change."""
        popular = lang.text("popular.title")
        title = archive_title(view, lang)
        if view.section:
            title = f"{title} – {self._section(view.section, lang)}"
        trail = self._breadcrumb([(lang.text("home"), "/"), (popular, POPULAR), (title, view.path)])
        about = self._about(title, f"{popular} – {title}", view.path, "website", None, [trail])
        return about if view.is_over else replace(about, robots="noindex")

    def corrections(self, view: CorrectionsView, lang: Language) -> About:
        """A page of the list of all corrections."""
        path = CORRECTIONS if view.page is None else f"{CORRECTIONS}?page={view.page}"
        description = lang.text("corrections.about", site=self._site.name_in(lang.code))
        return self._about(lang.text("corrections.title"), description, path, "website", None, [])

    def static_page(self, view: StaticView) -> About:
        """About, Contact, Privacy."""
        return self._about(view.title, _shortened(view.body_html), view.path, "website", None, [])

    def _about(
        self,
        title: str,
        description: str,
        path: str,
        kind: str,
        picture: Picture | None,
        things: Sequence[Thing],
        *,
        feeds: tuple[FeedLink, ...] = (),
        properties: tuple[tuple[str, str], ...] = (),
        oembed_url: str = "",
    ) -> About:
        return About(
            title=title,
            description=description,
            url=self._base_url + path,
            kind=kind,
            picture=self._logo if picture is None else self._shared(picture),
            large_card=picture is not None,
            feeds=(*feeds, self._site_feed),
            data=tuple(map(as_script, things)),
            properties=properties,
            oembed_url=oembed_url,
        )

    def _section(self, slug: str, lang: Language) -> str:
        section = self._site.section(slug)
        return section.name_in(lang.code) if section is not None else slug

    def _shared(self, picture: Picture) -> SharedPicture:
        file = card_file(picture)
        return SharedPicture(self._absolute(file.url), picture.alt, file.width, file.height)

    def _image(self, file: PictureFile, picture: Picture) -> str | Thing:
        """The address alone where the size is not known."""
        url = self._absolute(file.url)
        if picture.media is None:
            return url
        image = {"@type": "ImageObject", "url": url, "width": file.width, "height": file.height}
        texts = {"caption": picture.caption, "creditText": picture.credit}
        return {**image, **{name: text for name, text in texts.items() if text}}

    def _absolute(self, url: str) -> str:
        return self._base_url + url if url.startswith("/") else url

    def _publisher(self) -> Thing:
        logo = {"@type": "ImageObject", "url": self._logo.url, "width": _LOGO_PX, "height": _LOGO_PX}
        return {
            "@type": "NewsMediaOrganization",
            "name": self._site.name,
            "url": f"{self._base_url}/",
            "logo": logo,
            "sameAs": [str(account.url) for account in self._site.social],
        }

    def _breadcrumb(self, trail: Sequence[tuple[str, str]]) -> Thing:
        return {
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": position, "name": name, "item": self._base_url + path}
                for position, (name, path) in enumerate(trail, start=1)
            ],
        }


def archive_title(view: ArchiveView, lang: Language) -> str:
    """The name of a day or a week in the archive."""
    if view.kind == "day":
        return lang.text("archive.day", day=lang.date(view.first))
    return lang.text("archive.week", first=lang.date(view.first), last=lang.date(view.last))


def _shortened(body_html: str) -> str:
    """The beginning of a text, cut after a whole word."""
    text = " ".join(unescape(_TAGS.sub(" ", body_html)).split())
    return text if len(text) <= _DESCRIPTION else text[: _DESCRIPTION - 1].rpartition(" ")[0] + "…"

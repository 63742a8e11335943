"""oEmbed 1.0 (https://oembed.com), `GET /v1/oembed?url=`: an article as a card for other sites' pages.

The card is plain HTML: no script, no style sheet, everything escaped here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, urlsplit

import orjson
from multidict import MultiDict

from services.rendering.contract import OEmbed
from services.rendering.feeds.syndication import absolute, last_modified
from services.rendering.gateway.single_flight import Rendered
from services.rendering.pages.addresses import LONGEST_TARGET, Address, Redirect, read_address
from services.rendering.pages.language import Languages
from services.rendering.pages.models import Picture
from services.rendering.pages.page import NEVER_STORED, REVALIDATED, Absence, Page, PageKind
from services.rendering.pages.pictures import as_picture, card_file, thumbnail_file
from services.rendering.pages.reading import Reading
from services.rendering.readmodel.slugs import slug_of
from services.rendering.readmodel.store import ReadModel
from shared.errors import FieldError, Problem
from shared.events import ArticleState
from shared.http.problems import PROBLEM_TYPE
from shared.http.ready_response import DateLine, Header
from shared.http.requests import refuse_twice
from shared.site.site import Site
from shared.site.words import direction
from shared.text import close_marks

PATH = "/v1/oembed"
# The sizes of cards, in pixels. An article has at most one cached card for each size, so clients cannot fill the cache.
# 600 is the width of an article's column. If the bounds allow 480 by 270, the card also names a thumbnail.
_WIDTHS = (600, 480, 360, 240, 120, 1)
_HEIGHTS = (20_000, 5_000, 2_000, 1_200, 900, 600, 450, 270, 150, 60, 1)
WIDEST = _WIDTHS[0]
# To estimate a card's height: its frame, the height of a line, the average width of a letter.
_FRAME_PX, _LINE_PX, _LETTER_PX = 56, 28, 9
_MOST_PARAMETERS = 16
_NUMBER = re.compile(r"[1-9][0-9]{0,4}")
_SIZES = ("maxwidth", "maxheight")


@dataclass(frozen=True, slots=True)
class EmbedQuery:
    """An article's path, and the largest of our sizes that fits. `key` is the cache key. Cannot collide with a path."""

    path: str
    width: int
    most_height: int | None

    @property
    def key(self) -> str:
        return f"oembed {self.path} {self.width} {self.most_height}"


def is_embed(target: str) -> bool:
    """Whether a request target is the oEmbed endpoint."""
    return target.partition("?")[0] == PATH


def read_embed_query(target: str, base_url: str) -> EmbedQuery:
    """Read a request target. Raises Problem."""
    if len(target) > LONGEST_TARGET:
        raise Problem(414, "The address is too long.")
    try:
        pairs = parse_qsl(target.partition("?")[2], keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:
        raise Problem(400, "The query cannot be read.") from error
    refuse_twice(MultiDict(pairs))
    given = dict(pairs)
    if given.get("format", "json") != "json":
        raise Problem(501, "The only format is json.")
    if not given.get("url"):
        raise _invalid("url", "the address of an article is required")
    for name in _SIZES:
        if name in given and not _NUMBER.fullmatch(given[name]):
            raise _invalid(name, "must be a whole number of pixels, from 1 to 99999")
    width = _within(int(given.get("maxwidth", WIDEST)), _WIDTHS)
    height = _within(int(given["maxheight"]), _HEIGHTS) if "maxheight" in given else None
    return EmbedQuery(_article_path(given["url"], base_url), width, height)


def _within(most: int, sizes: Sequence[int]) -> int:
    """The largest of our sizes within a bound."""
    return next(size for size in sizes if size <= most)


def _invalid(name: str, detail: str) -> Problem:
    return Problem(422, f"{name}: {detail}", errors=(FieldError(f"?{name}", detail),))


def _article_path(url: str, base_url: str) -> str:
    try:
        parts, ours = urlsplit(url), urlsplit(base_url)
    except ValueError as error:
        raise Problem(404, "This is not the address of an article on this site.") from error
    if parts.scheme in ("http", "https") and parts.netloc.lower() == ours.netloc.lower():
        address = read_address(parts.path or "/")
        if isinstance(address, Redirect):
            address = read_address(address.location)
        if isinstance(address, Address) and address.kind == "article":
            return address.path
    raise Problem(404, "This is not the address of an article on this site.")


class EmbedHandler:
    """Builds cards; errors are problem details."""

    def __init__(self, model: ReadModel, site: Site, base_url: str, date: DateLine) -> None:
        self._model = model
        self._site = site
        self._base_url = base_url
        self._date = date
        self._languages = Languages(site.language)

    def read_query(self, target: str) -> EmbedQuery | Page:
        """Read a request target; an invalid one gives the error to answer with."""
        try:
            return read_embed_query(target, self._base_url)
        except Problem as problem:
            return self.problem_page(problem)

    def problem_page(self, problem: Problem, *extra: Header) -> Page:
        """Problem details as a page."""
        kind = PageKind(PATH, problem.status, media_type=PROBLEM_TYPE, cache_control=NEVER_STORED, extra=extra)
        return Page(self._date, kind, orjson.dumps(problem.as_dict()))

    async def build(self, query: EmbedQuery) -> Rendered[Page | Absence]:
        """The card of the article at a path, or 404. Raises Unavailable when the read model does not answer."""
        reading = Reading(self._model)
        path = await reading.path(query.path)
        article = None if path is None else await reading.article(path.article_id)
        found: Page | Absence = Absence(404)
        if article is not None:
            kind = PageKind(
                PATH,
                media_type="application/json",
                cache_control=REVALIDATED,
                extra=(("Access-Control-Allow-Origin", "*"),),
                modified_s=last_modified(reading),
            )
            found = Page(self._date, kind, self._card(article, query), key=query.key)
        return Rendered(found, {**reading.versions, **reading.shown})

    def _card(self, article: ArticleState, query: EmbedQuery) -> bytes:
        picture = as_picture(article.lead_image)
        shown, height = self._fit(article, picture, query)
        author = next(((name, slug) for name in article.bylines if (slug := slug_of(name))), None)
        card = OEmbed(
            title=close_marks(article.headline),
            author_name=close_marks(author[0]) if author else None,
            author_url=f"{self._base_url}/author/{author[1]}" if author else None,
            provider_name=self._site.name,
            provider_url=f"{self._base_url}/",
            html=self._html(article, shown, query.width),
            width=query.width,
            height=height,
        )
        small = _thumbnail(picture, self._base_url, query)
        return (card if small is None else card.model_copy(update=small)).model_dump_json(exclude_none=True).encode()

    def _fit(self, article: ArticleState, picture: Picture | None, query: EmbedQuery) -> tuple[Picture | None, int]:
        """The picture if it fits, and the height of the card."""
        letters = max(1, query.width // _LETTER_PX)
        lines = sum(-(-len(text) // letters) for text in (article.headline, article.standfirst))
        text_px = _FRAME_PX + _LINE_PX * (lines + 1)
        most = query.most_height or 10**6
        if picture is not None and (file := card_file(picture)).width and file.height:
            height = text_px + query.width * file.height // file.width
            if height <= most:
                return picture, height
        return None, min(text_px, most)

    def _html(self, article: ArticleState, picture: Picture | None, width: int) -> str:
        url = escape(self._base_url + article.url)
        lang = self._languages.of_page(article.language)
        standfirst = f"<p>{escape(article.standfirst)}</p>" if article.standfirst else ""
        facts = ", ".join(
            (*map(close_marks, article.bylines), self._site.name_in(lang.code), lang.date(article.published_at))
        )
        spoken = f'lang="{escape(article.language)}" dir="{direction(article.language)}"'
        return (
            f'<blockquote cite="{url}" {spoken}>{self._image(url, picture, width)}'
            f'<p><a href="{url}"><strong>{escape(article.headline)}</strong></a></p>{standfirst}'
            f"<p><small>{escape(facts)}</small></p></blockquote>"
        )

    def _image(self, url: str, picture: Picture | None, width: int) -> str:
        if picture is None:
            return ""
        file = card_file(picture, at_least=2 * width)
        source = escape(absolute(self._base_url, file.url))
        size = f'width="{width}" height="{width * (file.height or 0) // (file.width or 1)}"'
        return f'<a href="{url}"><img src="{source}" alt="{escape(picture.alt)}" {size}></a>'


def _thumbnail(picture: Picture | None, base_url: str, query: EmbedQuery) -> dict[str, object] | None:
    """The narrowest file of 16:9 of a picture in our own store, if it fits."""
    file = None if picture is None else thumbnail_file(picture)
    if file is None or file.width is None or file.height is None:
        return None
    if file.width > query.width or file.height > (query.most_height or file.height):
        return None
    return {"thumbnail_url": base_url + file.url, "thumbnail_width": file.width, "thumbnail_height": file.height}

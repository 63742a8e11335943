"""Previews: the page of an article as it would be published now. The desk sends the working copy to the gateway.

The same templates, layout and policy as for readers. A preview differs from the published page in this, and in nothing else:

- a line "Preview · not published" above the article, in the page's language;
- no beacon (`data-article`), no comments and no form for them, no live updates, no link to the history;
- `noindex` in the page and as a header, `Cache-Control: no-store`, no entity tag;
- `frame-ancestors 'self'`, so that the desk can show it in a frame.

An article without an address gets a likely one; one without a publication is published now. Popular News, Recommended and
the neighbours are the real ones. They are left out when the read model does not answer at once.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.rendering.pages.page import NEVER_STORED, PageKind
from shared.events import ArticleState, Correction, Picture
from shared.times import UtcDatetime

ROUTE = "/internal/preview"
_SLUG = "preview"


class PreviewArticle(BaseModel):
    """A working copy, as ingestion answers it. Unfinished ones have no headline, no text, no address."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = ""
    version: int = 0
    url: str | None = None
    slug: str | None = None
    headline: str = ""
    section: str
    standfirst: str = ""
    body_html: str = ""
    bylines: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str = "en"
    lead_image: Picture | None = None
    published_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None
    corrected_at: UtcDatetime | None = None
    corrections: tuple[Correction, ...] = ()


def as_published(article: PreviewArticle, now: datetime) -> ArticleState:
    """The state that readers would see if the article were published at `now`."""
    slug = article.slug or _SLUG
    published_at = article.published_at or now
    given = article.model_dump(exclude={"slug", "url", "published_at", "updated_at"})
    return ArticleState(
        **given,
        status="published",
        slug=slug,
        url=article.url or f"/{article.section}/{slug}",
        created_at=published_at,
        published_at=published_at,
        updated_at=(article.updated_at or now) if article.published_at else published_at,
    )


def preview_kind(style_source: str) -> PageKind:
    """The headers of a preview."""
    return PageKind(
        ROUTE,
        cache_control=NEVER_STORED,
        extra=(("X-Robots-Tag", "noindex"),),
        style_source=style_source,
        frame_ancestors="'self'",
    )

"""A draft, its author and a clock, for unit tests of ingestion's rules."""

from datetime import UTC, datetime, timedelta

from services.ingestion.articles.rules import Article, Author, Content

INES = Author(id="ines", name="Ines Halloran")
NOON = datetime(2026, 2, 8, 12, tzinfo=UTC)
CONTENT = Content(
    headline="Ferry fares to rise",
    section="world",
    slug="ferry-fares-to-rise",
    standfirst="From March on.",
    body_markdown="They *rise*.",
    body_html="<p>They <em>rise</em>.</p>",
    bylines=("Ines Halloran",),
    tags=("Harbours",),
    language="en",
    lead_image=None,
)


def after(minutes: float) -> datetime:
    """Minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def a_draft() -> Article:
    """A draft of noon."""
    return Article(
        id="a",
        number=1,
        version=1,
        status="draft",
        working=CONTENT,
        slug_is_chosen=False,
        created_at=NOON,
        updated_at=NOON,
    )

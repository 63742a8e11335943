"""Recently saved articles: right by version, bounded in number, size and time."""

from datetime import UTC, datetime

from services.ingestion.articles.recent import KEPT_FOR_S, LONGEST_BODY, MOST, RecentArticles
from services.ingestion.articles.rules import Article, Content

NOON = datetime(2026, 2, 8, 12, tzinfo=UTC)


def saved(name: str, version: int = 1, body: str = "A text.") -> Article:
    """An article at a version."""
    working = Content(
        headline="Ferry fares to rise",
        section="world",
        slug="ferry-fares-to-rise",
        standfirst="",
        body_markdown=body,
        body_html="",
        bylines=(),
        tags=(),
        language="en",
        lead_image=None,
    )
    return Article(
        id=name,
        number=1,
        version=version,
        status="draft",
        working=working,
        slug_is_chosen=False,
        created_at=NOON,
        updated_at=NOON,
    )


def test_article_is_found_at_its_version_alone() -> None:
    recent = RecentArticles()
    recent.put(saved("a", 3))
    recent.put(saved("a", 4))

    assert recent.find("a", lambda version: version == 4) == saved("a", 4)
    assert recent.find("a", lambda version: version == 3) is None
    assert recent.find("b", lambda _: True) is None


def test_last_articles_stay_and_large_ones_are_not_kept() -> None:
    recent = RecentArticles()
    for number in range(MOST + 1):
        recent.put(saved(f"a{number}"))
    recent.put(saved("large", body="x" * (LONGEST_BODY + 1)))

    assert recent.find("a0", lambda _: True) is None
    assert recent.find("a1", lambda _: True) is not None
    assert recent.find("large", lambda _: True) is None


def test_article_is_read_again_after_a_minute() -> None:
    moment = [0.0]
    recent = RecentArticles(lambda: moment[0])
    recent.put(saved("a"))

    moment[0] = KEPT_FOR_S + 1

    assert recent.find("a", lambda _: True) is None

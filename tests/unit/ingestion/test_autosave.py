"""Automatic saves as pure functions: which of them have a revision."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.ingestion.articles import rules
from services.ingestion.articles.records import Change
from services.ingestion.articles.rules import Article, Author, Content

NOON = datetime(2026, 2, 8, 12, tzinfo=UTC)
INES, OMAR = Author(id="ines", name="Ines Halloran"), Author(id="omar", name="Omar Saleh")
CONTENT = Content(
    headline="Ferry fares to rise",
    section="world",
    slug="ferry-fares-to-rise",
    standfirst="",
    body_markdown="They rise.",
    body_html="<p>They rise.</p>",
    bylines=(),
    tags=(),
    language="en",
    lead_image=None,
)
DRAFT = Article(
    id="a",
    number=1,
    version=1,
    status="draft",
    working=CONTENT,
    slug_is_chosen=False,
    created_at=NOON,
    updated_at=NOON,
)


def autosaved(article: Article, by: Author, text: str, minutes: float) -> Change:
    """An automatic save of a text, some minutes after noon."""
    content = CONTENT.model_copy(update={"body_markdown": text})
    at = NOON + timedelta(minutes=minutes)
    return Change("autosave", by, article, rules.autosave(article, content, slug_is_chosen=False, by=by, at=at))


def test_an_author_gets_a_revision_every_ten_minutes() -> None:
    article, revised = DRAFT, []
    for minutes in (0, 1, 9, 11, 12, 20, 21.5):
        change = autosaved(article, INES, f"At {minutes}.", minutes)
        article = change.after
        if change.revisions:
            revised.append(minutes)

    assert revised == [0, 11, 21.5]
    assert article.version == 8


def test_a_clock_that_goes_back_makes_no_more_revisions() -> None:
    first = autosaved(DRAFT, INES, "One.", 5)
    second = autosaved(first.after, INES, "Two.", -30)

    assert (len(first.revisions), len(second.revisions)) == (1, 0)
    assert second.after.updated_at == first.after.updated_at


@given(st.lists(st.tuples(st.sampled_from([INES, OMAR]), st.booleans(), st.floats(0, 4)), max_size=30))
def test_last_text_of_each_author_before_another_has_a_revision(steps: list[tuple[Author, bool, float]]) -> None:
    article, minutes, kept = DRAFT, 0.0, {1: CONTENT.body_markdown}
    author_of: dict[int, Author] = {1: INES}
    for author, is_explicit, pause in steps:
        minutes += pause
        change = autosaved(article, author, f"By {author.id} at {article.version}.", minutes)
        if is_explicit:
            at = NOON + timedelta(minutes=minutes)
            after = rules.edit(article, change.after.working, slug_is_chosen=False, by=author, at=at)
            change = Change("edit", author, article, after)
        article = change.after
        author_of[article.version] = author
        kept |= {revision.version: str(revision.content["body_markdown"]) for revision in change.revisions}
        assert len({revision.version for revision in change.revisions}) == len(change.revisions)
        assert is_explicit <= (article.version in kept)

    for version in range(2, article.version):
        if author_of[version] != author_of[version + 1]:
            assert kept[version] == f"By {author_of[version].id} at {version - 1}."


def test_publication_settles_an_unrevised_text() -> None:
    saved = autosaved(autosaved(DRAFT, INES, "One.", 0).after, INES, "Two.", 1).after
    assert saved.unrevised is not None

    published = Change("publish", OMAR, saved, rules.publish(saved, at=NOON + timedelta(minutes=2)))

    assert [(revision.version, revision.action) for revision in published.revisions] == [(4, "publish")]
    assert published.after.unrevised is None

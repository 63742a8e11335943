"""What articles' events make of sitemaps: each published article once, with its last change, whatever the order of events."""

from datetime import timedelta
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from services.rendering.pages import queries
from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import SitemapIndex, modified_at
from shared.events import ArticleState, ArticleWithdrawn, Erased
from tests.support.projector import MORNING, an_article
from tests.support.read_model import Memory


def later(article: ArticleState, **changes: object) -> ArticleState:
    changed = article.updated_at + timedelta(days=1)
    return type(article).model_validate(
        {**article.model_dump(), "version": article.version + 1, "updated_at": changed, **changes}
    )


def named(memory: Memory) -> dict[str, object]:
    """Every address in every part, each with its last change."""
    parts = memory.ask(queries.parts_of)
    found: dict[str, object] = {}
    for part, moment in parts.items():
        places = memory.ask(lambda shelf, part=part: queries.places_of(shelf, part)) or ()
        assert max(place.modified_at for place in places) == moment, "the index says what its newest child says"
        assert not found.keys() & {place.url for place in places}
        found |= {place.url: place.modified_at for place in places}
    return found


ARTICLES = {number: an_article(id=f"a{number}", minute=number * 7 % 261) for number in range(261)}


@cache
def filled() -> Memory:
    """A read model with all of them: documents are frozen, so that copies of the dictionary are enough."""
    memory = Memory()
    memory.apply(*ARTICLES.values())
    return memory


@given(st.lists(st.tuples(st.integers(0, 260), st.sampled_from(["tell", "redate", "withdraw", "move"])), max_size=30))
@settings(max_examples=15, deadline=None)
def test_sitemaps_name_exactly_what_is_published(changes: list[tuple[int, str]]) -> None:
    memory = Memory()
    memory.documents = dict(filled().documents)
    known = dict(ARTICLES)

    for number, change in changes:
        before = known[number]
        fields: dict[str, object] = {"status": "published"}
        if change == "redate":
            fields["published_at"] = before.published_at + timedelta(minutes=30)
        elif change == "withdraw":
            fields["status"] = "withdrawn"
        elif change == "move":
            fields["url"] = f"{before.url}-again"
        known[number] = later(before, **fields)
        memory.apply(known[number])

    published = [article for article in known.values() if article.status == "published"]
    assert named(memory) == {article.url: modified_at(article) for article in published}


def test_an_erased_article_is_named_no_more() -> None:
    memory = Memory()
    memory.documents = dict(filled().documents)

    memory.apply(Erased(id="a3"), Erased(id="a199"))

    assert len(named(memory)) == len(ARTICLES) - 2
    assert not {"/world/a3", "/world/a199"} & named(memory).keys()


def test_a_publication_reads_and_writes_as_much_with_six_hundred_articles_as_with_two_hundred() -> None:
    memory = Memory()
    loaded = []
    for number in range(600):
        before = memory.loaded
        memory.apply(an_article(id=f"a{number}", minute=number))
        loaded.append(memory.loaded - before)

    assert max(loaded[500:]) <= max(loaded[100:300])
    index = memory.documents["sitemap"]
    assert isinstance(index, SitemapIndex)
    assert len(index.modified) == (600 - len(memory.documents[paged_list.SITEMAP_ENTRIES.front].entries)) // 100  # type: ignore[attr-defined]


def test_the_last_change_is_never_before_the_publication() -> None:
    planned = an_article(published_at=MORNING + timedelta(hours=2), updated_at=MORNING)

    assert modified_at(planned) == planned.published_at
    assert modified_at(later(planned, corrected_at=MORNING + timedelta(days=9))) == MORNING + timedelta(days=9)


def test_a_withdrawn_article_has_no_place() -> None:
    memory = Memory()
    memory.apply(an_article(id="a1"))

    memory.apply(an_article(ArticleWithdrawn, id="a1", version=2))

    assert named(memory) == {}

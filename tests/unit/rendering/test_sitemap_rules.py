"""Sitemaps hold every published article once, with its last change, in any order of events."""

from datetime import timedelta
from functools import cache, partial

from hypothesis import given, settings
from hypothesis import strategies as st

from services.rendering.pages import queries
from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import SitemapIndex, modified_at
from shared.events import ArticleState, ArticleWithdrawn, Erased
from tests.support.examples import examples
from tests.support.projector import MORNING, an_article
from tests.support.read_model import Memory


def later(article: ArticleState, **changes: object) -> ArticleState:
    changed = article.updated_at + timedelta(days=1)
    return type(article).model_validate(
        {**article.model_dump(), "version": article.version + 1, "updated_at": changed, **changes}
    )


def entries(memory: Memory) -> dict[str, object]:
    """Every address in every part, with the time of its last change."""
    parts = memory.ask(queries.sitemap_parts)
    found: dict[str, object] = {}
    for part, moment in parts.items():
        found_entries = memory.ask(partial(queries.sitemap_entries, part=part)) or ()
        assert max(entry.modified_at for entry in found_entries) == moment, "the index has the time of the newest entry"
        assert not found.keys() & {entry.url for entry in found_entries}
        found |= {entry.url: entry.modified_at for entry in found_entries}
    return found


ARTICLES = {number: an_article(id=f"a{number}", minute=number * 7 % 261) for number in range(261)}


@cache
def filled() -> Memory:
    """A read model with all articles. Documents are frozen, so a copy of the dictionary is enough."""
    memory = Memory()
    memory.apply(*ARTICLES.values())
    return memory


@given(
    st.lists(
        st.tuples(st.integers(0, 260), st.sampled_from(["republish", "redate", "withdraw", "rename"])), max_size=30
    )
)
@settings(max_examples=examples(15), deadline=None)
def test_sitemaps_hold_exactly_the_published_articles(changes: list[tuple[int, str]]) -> None:
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
        elif change == "rename":
            fields["url"] = f"{before.url}-again"
        known[number] = later(before, **fields)
        memory.apply(known[number])

    published = [article for article in known.values() if article.status == "published"]
    assert entries(memory) == {article.url: modified_at(article) for article in published}


def test_erased_article_leaves_the_sitemap() -> None:
    memory = Memory()
    memory.documents = dict(filled().documents)

    memory.apply(Erased(id="a3"), Erased(id="a199"))

    assert len(entries(memory)) == len(ARTICLES) - 2
    assert not {"/world/a3", "/world/a199"} & entries(memory).keys()


def test_publication_cost_does_not_grow_with_the_sitemap() -> None:
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


def test_last_change_is_never_before_publication() -> None:
    planned = an_article(published_at=MORNING + timedelta(hours=2), updated_at=MORNING)

    assert modified_at(planned) == planned.published_at
    assert modified_at(later(planned, corrected_at=MORNING + timedelta(days=9))) == MORNING + timedelta(days=9)


def test_withdrawn_article_leaves_the_sitemap() -> None:
    memory = Memory()
    memory.apply(an_article(id="a1"))

    memory.apply(an_article(ArticleWithdrawn, id="a1", version=2))

    assert entries(memory) == {}

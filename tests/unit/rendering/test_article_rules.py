"""Rules for article events: cards, paths and neighbours are the same for any redelivery of the events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from services.rendering.pages import queries
from services.rendering.projector.article_rules import lists_of
from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import StoredArticle, StoredPath
from services.rendering.readmodel.names import article_name, front_name, path_name
from services.rendering.readmodel.snapshot import LoadedSnapshot, NotLoaded, Snapshot
from shared.events import ArticleCorrected, ArticlePublished, ArticleState, ArticleWithdrawn, Erased, Event, Picture
from tests.support.examples import examples
from tests.support.projector import MORNING, an_article
from tests.support.read_model import Memory

LISTS = ("site", "section:world", "section:africa", "tag:lakes", "tag:salt", "author:ada-byrne")
ACTIONS = ("republish", "retitle", "change section", "retag", "rename", "redate", "withdraw", "erase")


@dataclass
class ArticleLog:
    """The events that ingestion would write, in order for each article."""

    log: list[Event] = field(default_factory=list)
    latest: dict[str, Event] = field(default_factory=dict)

    def write(self, number: int, action: str) -> None:
        before = self.latest.get(f"a{number}")
        if isinstance(before, Erased):
            return
        event = self._change(before, action) if isinstance(before, ArticleState) else _first(number)
        self.latest[f"a{number}"] = event
        self.log.append(event)

    def _change(self, before: ArticleState, action: str) -> Event:
        if action == "erase":
            return Erased(id=before.id)
        kind = ArticleWithdrawn if action == "withdraw" else ArticlePublished
        status = "withdrawn" if action == "withdraw" else "published"
        changes = {"version": before.version + 1, "status": status} | _CHANGES.get(action, _nothing)(before)
        return kind.model_validate(before.model_dump() | changes)

    def published(self) -> list[ArticleState]:
        states = [event for event in self.latest.values() if isinstance(event, ArticleState)]
        return [state for state in states if state.status == "published"]


def _nothing(_: ArticleState) -> dict[str, object]:
    return {}


_CHANGES: dict[str, Callable[[ArticleState], dict[str, object]]] = {
    "retitle": lambda before: {"headline": before.headline + "!"},
    "change section": lambda before: {"section": "africa" if before.section == "world" else "world"},
    "retag": lambda before: {"tags": () if before.tags else ("Lakes", "Salt")},
    "redate": lambda before: {"published_at": before.published_at + timedelta(hours=1)},
    "rename": lambda before: {
        "url": f"{before.url}-{before.version}", "former_urls": (*before.former_urls, before.url),
    },
}  # fmt: skip


def _first(number: int) -> ArticleState:
    tags = ("Lakes",) if number % 2 else ("Salt", "Lakes")
    return an_article(
        id=f"a{number}", minute=number * 7 % 50, tags=tags, bylines=("Ada Byrne",), url=f"/world/{number}"
    )


def delivered(log: Sequence[Event], rewinds: Sequence[tuple[int, int]]) -> list[list[Event]]:
    """The log in batches, as a consumer reads it that sometimes dies and continues from an older offset."""
    batches, position = [], 0
    for length, back in rewinds:
        batches.append(list(log[position : position + length]))
        position = max(0, min(len(log), position + length) - back)
    return [*batches, list(log[position:])]


steps = st.lists(st.tuples(st.integers(0, 45), st.sampled_from(ACTIONS)), max_size=120)
rewinds = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 40)), max_size=8)


@settings(max_examples=examples(60), deadline=None)
@given(steps, rewinds)
def test_read_model_matches_the_newest_events_after_redelivery(
    steps: list[tuple[int, str]], rewinds: list[tuple[int, int]]
) -> None:
    articles, memory = ArticleLog(), Memory()
    for number in range(40):
        articles.write(number, "publish")
    for number, action in steps:
        articles.write(number, action)

    for batch in delivered(articles.log, rewinds):
        memory.apply(*batch)

    published = articles.published()
    for listing in LISTS:
        wanted = sorted(
            (state for state in published if listing in lists_of(state)), key=lambda state: state.published_at
        )
        shown = [card for _, cards in memory.pages(paged_list.cards_of(listing)) for card in cards]
        assert [(card.id, card.headline, card.url) for card in shown] == [
            (state.id, state.headline, state.url) for state in sorted(wanted, key=lambda s: (s.published_at, s.id))
        ]
    _check_paths(memory, articles)
    _check_neighbours(memory, published)


def _check_paths(memory: Memory, articles: ArticleLog) -> None:
    paths = {name: document for name, document in memory.documents.items() if isinstance(document, StoredPath)}
    wanted: dict[str, tuple[str, str]] = {}
    for state in articles.latest.values():
        if isinstance(state, ArticleState):
            gone = state.status == "withdrawn"
            wanted |= {path_name(url): (state.id, "withdrawn" if gone else "former") for url in state.former_urls}
            wanted[path_name(state.url)] = (state.id, "withdrawn" if gone else "current")
    assert {name: (path.article_id, path.state) for name, path in paths.items()} == wanted


def _check_neighbours(memory: Memory, published: Sequence[ArticleState]) -> None:
    world = sorted((s for s in published if s.section == "world"), key=lambda s: (s.published_at, s.id))
    for at, state in enumerate(world):
        older, newer = memory.ask(partial(queries.neighbours_of, article=state))
        assert (older and older.article_id) == (world[at - 1].id if at else None)
        assert (newer and newer.article_id) == (world[at + 1].id if at + 1 < len(world) else None)


def test_redelivered_event_touches_the_same_documents() -> None:
    memory = Memory()
    memory.apply(an_article(id="a1", tags=("Lakes",)))
    changed = an_article(
        ArticleCorrected, id="a1", version=2, section="africa", url="/africa/a1", former_urls=("/world/a1",)
    )

    first = memory.apply(changed)
    documents = dict(memory.documents)
    again = memory.apply(changed)

    assert again == first
    assert memory.documents == documents
    assert {
        "article:a1", "path:/world/a1", "path:/africa/a1", "list:site:front", "list:section:world:front",
        "list:section:africa:front", "list:tag:lakes:front", "sitemap:front",
    } == first  # fmt: skip


def test_outdated_event_changes_nothing() -> None:
    memory = Memory()
    memory.apply(an_article(id="a1", version=2, headline="New"))
    documents = dict(memory.documents)

    memory.apply(an_article(id="a1", version=1, headline="Old"))

    assert memory.documents == documents


def test_change_outside_the_card_changes_no_list() -> None:
    memory = Memory()
    memory.apply(an_article(id="a1", body_html="<p>One.</p>"))

    touched = memory.apply(an_article(id="a1", version=2, body_html="<p>Two.</p>"))

    assert touched == {"article:a1"}


def test_card_keeps_the_version_of_its_last_change() -> None:
    memory = Memory()
    memory.apply(an_article(id="a1"), an_article(id="a1", version=2, headline="Changed"))

    memory.apply(an_article(id="a1", version=3, headline="Changed", body_html="<p>More.</p>"))
    front = memory.ask(lambda snapshot: queries.front_of(snapshot, "site"))

    assert front is not None
    assert [card.version for card in front.cards] == [2]


def test_withdrawn_article_has_no_content_until_republished() -> None:
    memory = Memory()
    article = an_article(id="a1", tags=("Lakes",), lead_image=Picture(url="/media/lake.jpg", alt="A lake"))
    memory.apply(article)

    memory.apply(an_article(ArticleWithdrawn, id="a1", version=2, tags=("Lakes",)))
    withdrawn = memory.documents[article_name("a1")].model_dump_json()
    path = memory.documents[path_name("/world/a1")]
    lists = [name for name in memory.documents if name.startswith("list:")]
    memory.apply(article.model_copy(update={"version": 3}))
    found = memory.ask(lambda snapshot: queries.article_of(snapshot, "a1"))

    assert "lake" not in withdrawn.replace("tag:lakes", "").lower()
    assert isinstance(path, StoredPath)
    assert path.state == "withdrawn"
    assert lists == []
    assert found is not None
    assert found.lead_image is not None
    assert front_name("tag:lakes") in memory.documents


def test_erased_article_keeps_only_its_id() -> None:
    memory = Memory()
    memory.apply(an_article(id="a1", tags=("Lakes",), bylines=("Ada Byrne",)))

    memory.apply(Erased(id="a1"), an_article(id="a1", version=1))

    assert memory.documents.keys() == {"article:a1"}
    stored = memory.documents["article:a1"]
    assert isinstance(stored, StoredArticle)
    assert stored.state is None


def test_article_erased_before_its_first_event_stays_unknown() -> None:
    memory = Memory()

    memory.apply(Erased(id="a1"))
    memory.apply(an_article(id="a1"))

    assert memory.documents.keys() == {"article:a1"}


def test_former_path_taken_by_another_article_stays_there() -> None:
    memory = Memory()
    memory.apply(an_article(id="a1", url="/world/lake"))
    memory.apply(an_article(id="a1", version=2, url="/world/lake-2", former_urls=("/world/lake",)))

    memory.apply(an_article(id="a2", url="/world/lake"))
    memory.apply(an_article(id="a1", version=3, url="/world/lake-3", former_urls=("/world/lake", "/world/lake-2")))
    path = memory.documents[path_name("/world/lake")]

    assert isinstance(path, StoredPath)
    assert (path.article_id, path.state) == ("a2", "current")


def test_recommended_by_common_tags_then_by_date_in_the_section() -> None:
    memory = Memory()
    article = an_article(id="a0", tags=("Lakes", "Salt"), minute=9)
    memory.apply(
        article,
        an_article(id="both", tags=("Salt", "Lakes"), section="africa", minute=1),
        an_article(id="one", tags=("Salt",), section="africa", minute=2),
        an_article(id="neighbour", minute=3),
        an_article(id="newer neighbour", minute=4),
        an_article(id="stranger", section="africa", minute=5),
    )

    cards = memory.ask(lambda snapshot: queries.recommended_for(snapshot, article, 5))

    assert [card.article_id for card in cards] == ["both", "one", "newer neighbour", "neighbour"]


def test_short_front_is_shown_with_the_next_older_page() -> None:
    memory = Memory()
    memory.apply(*(an_article(id=f"a{number:02d}", minute=number) for number in range(36)))
    memory.apply(*(an_article(ArticleWithdrawn, id=f"a{number:02d}", version=2, minute=number) for number in (35, 34)))

    front = memory.ask(lambda snapshot: queries.front_of(snapshot, "section:world"))
    page = memory.ask(lambda snapshot: queries.page_of(snapshot, "section:world", 1))

    assert front is not None
    assert page is not None
    assert [card.article_id for card in front.cards] == [f"a{number:02d}" for number in reversed(range(34))]
    assert (front.older, page.older, page.newer, len(page.cards)) == (None, None, None, 24)


def test_titles_of_tags_and_authors_are_as_written() -> None:
    memory = Memory()
    memory.apply(an_article(tags=("Port Halim", "النيل"), bylines=("Zoë Quentin",), published_at=MORNING))

    titles = memory.ask(
        lambda snapshot: {
            name: page.title for name, page in queries.fronts_of(snapshot, list(lists_of(_tagged))).items()
        }
    )

    assert set(titles.values()) == {"", "Port Halim", "النيل", "Zoë Quentin"}


_tagged = an_article(tags=("Port Halim", "النيل"), bylines=("Zoë Quentin",))


def test_article_page_needs_few_queries() -> None:
    memory = Memory()
    articles = [an_article(id=f"a{number:02d}", minute=number, tags=("Lakes", "Salt")) for number in range(80)]
    memory.apply(*articles)
    snapshot, reads = LoadedSnapshot(), 0

    def load(query: Callable[[Snapshot], object]) -> None:
        nonlocal reads
        while True:
            try:
                query(snapshot)
                return
            except NotLoaded as error:
                reads += 1
                for name in error.missing:
                    snapshot.add(name, memory.documents.get(name), 1)

    load(lambda snapshot: snapshot.get(path_name("/world/a30"), StoredPath))
    load(lambda snapshot: queries.article_of(snapshot, "a30"))
    load(lambda snapshot: queries.discussion_of(snapshot, articles[30], None))
    load(lambda snapshot: queries.neighbours_of(snapshot, articles[30]))
    load(lambda snapshot: queries.recommended_for(snapshot, articles[30], 4))

    # Its path, itself, its surroundings, its page of the section's list: the hint may be off by one.
    assert reads <= 5


def test_batch_with_overflowing_lists_needs_few_queries() -> None:
    memory = Memory()
    articles = [
        an_article(id=f"a{number:03d}", minute=number, tags=(f"Tag {number % 3}",), bylines=(f"Author {number % 2}",))
        for number in range(400)
    ]
    memory.apply(*articles[:200])
    queries = []
    for start in range(200, 400, 50):
        before = memory.queries
        memory.apply(*articles[start : start + 50])
        queries.append(memory.queries - before)

    # Documents of all events first, then the pages of all lists that overflow.
    assert max(queries) <= 6
    assert len(memory.pages(paged_list.cards_of("site"))) == 17

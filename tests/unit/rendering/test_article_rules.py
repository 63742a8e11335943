"""What an article's events make of the read model: cards, paths, neighbours; in whatever order and however often they come."""

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
from tests.support.projector import MORNING, an_article
from tests.support.read_model import Memory

LISTS = ("site", "section:world", "section:africa", "tag:lakes", "tag:salt", "author:ada-byrne")
ACTIONS = ("retell", "retitle", "move section", "retag", "rename", "redate", "withdraw", "erase")


@dataclass
class Newsroom:
    """What ingestion would say: each article's history, and all events in the order of each article's own."""

    log: list[Event] = field(default_factory=list)
    latest: dict[str, Event] = field(default_factory=dict)

    def say(self, number: int, action: str) -> None:
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
    "move section": lambda before: {"section": "africa" if before.section == "world" else "world"},
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
    """The log in batches as a consumer gets it that dies now and then and goes on from an older offset."""
    batches, position = [], 0
    for length, back in rewinds:
        batches.append(list(log[position : position + length]))
        position = max(0, min(len(log), position + length) - back)
    return [*batches, list(log[position:])]


steps = st.lists(st.tuples(st.integers(0, 45), st.sampled_from(ACTIONS)), max_size=120)
rewinds = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 40)), max_size=8)


@settings(max_examples=60, deadline=None)
@given(steps, rewinds)
def test_the_read_model_is_what_the_newest_events_say_however_they_were_delivered(
    steps: list[tuple[int, str]], rewinds: list[tuple[int, int]]
) -> None:
    newsroom, memory = Newsroom(), Memory()
    for number in range(40):
        newsroom.say(number, "publish")
    for number, action in steps:
        newsroom.say(number, action)

    for batch in delivered(newsroom.log, rewinds):
        memory.apply(*batch)

    published = newsroom.published()
    for listing in LISTS:
        wanted = sorted(
            (state for state in published if listing in lists_of(state)), key=lambda state: state.published_at
        )
        shown = [card for _, cards in memory.rows(paged_list.cards_of(listing)) for card in cards]
        assert [(card.id, card.headline, card.url) for card in shown] == [
            (state.id, state.headline, state.url) for state in sorted(wanted, key=lambda s: (s.published_at, s.id))
        ]
    _check_paths(memory, newsroom)
    _check_neighbours(memory, published)


def _check_paths(memory: Memory, newsroom: Newsroom) -> None:
    paths = {name: document for name, document in memory.documents.items() if isinstance(document, StoredPath)}
    wanted: dict[str, tuple[str, str]] = {}
    for state in newsroom.latest.values():
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


def test_an_event_that_comes_again_touches_again_all_that_it_changed_the_first_time() -> None:
    memory = Memory()
    memory.apply(an_article(id="a1", tags=("Lakes",)))
    moved = an_article(
        ArticleCorrected, id="a1", version=2, section="africa", url="/africa/a1", former_urls=("/world/a1",)
    )

    first = memory.apply(moved)
    documents = dict(memory.documents)
    again = memory.apply(moved)

    assert again == first
    assert memory.documents == documents
    assert {
        "article:a1", "path:/world/a1", "path:/africa/a1", "list:site:front", "list:section:world:front",
        "list:section:africa:front", "list:tag:lakes:front", "sitemap:front",
    } == first  # fmt: skip


def test_an_older_event_that_comes_late_changes_nothing() -> None:
    memory = Memory()
    memory.apply(an_article(id="a1", version=2, headline="New"))
    documents = dict(memory.documents)

    memory.apply(an_article(id="a1", version=1, headline="Old"))

    assert memory.documents == documents


def test_a_change_that_no_card_shows_moves_no_list() -> None:
    memory = Memory()
    memory.apply(an_article(id="a1", body_html="<p>One.</p>"))

    touched = memory.apply(an_article(id="a1", version=2, body_html="<p>Two.</p>"))

    assert touched == {"article:a1"}


def test_a_card_keeps_the_version_in_which_it_last_changed() -> None:
    memory = Memory()
    memory.apply(an_article(id="a1"), an_article(id="a1", version=2, headline="Anew"))

    memory.apply(an_article(id="a1", version=3, headline="Anew", body_html="<p>More.</p>"))
    front = memory.ask(lambda shelf: queries.front_of(shelf, "site"))

    assert front is not None
    assert [card.version for card in front.cards] == [2]


def test_a_withdrawn_article_is_gone_from_lists_and_says_nothing_and_comes_back_when_it_is_published_again() -> None:
    memory = Memory()
    article = an_article(id="a1", tags=("Lakes",), lead_image=Picture(url="/media/lake.jpg", alt="A lake"))
    memory.apply(article)

    memory.apply(an_article(ArticleWithdrawn, id="a1", version=2, tags=("Lakes",)))
    withdrawn = memory.documents[article_name("a1")].model_dump_json()
    path = memory.documents[path_name("/world/a1")]
    lists = [name for name in memory.documents if name.startswith("list:")]
    memory.apply(article.model_copy(update={"version": 3}))
    found = memory.ask(lambda shelf: queries.article_of(shelf, "a1"))

    assert "lake" not in withdrawn.replace("tag:lakes", "").lower()
    assert isinstance(path, StoredPath)
    assert path.state == "withdrawn"
    assert lists == []
    assert found is not None
    assert found.lead_image is not None
    assert front_name("tag:lakes") in memory.documents


def test_an_erased_article_leaves_its_id_alone() -> None:
    memory = Memory()
    memory.apply(an_article(id="a1", tags=("Lakes",), bylines=("Ada Byrne",)))

    memory.apply(Erased(id="a1"), an_article(id="a1", version=1))

    assert memory.documents.keys() == {"article:a1"}
    stored = memory.documents["article:a1"]
    assert isinstance(stored, StoredArticle)
    assert stored.state is None


def test_an_article_that_was_erased_before_anything_was_heard_of_it_stays_unknown() -> None:
    memory = Memory()

    memory.apply(Erased(id="a1"))
    memory.apply(an_article(id="a1"))

    assert memory.documents.keys() == {"article:a1"}


def test_a_former_path_that_another_article_has_taken_stays_with_it() -> None:
    memory = Memory()
    memory.apply(an_article(id="a1", url="/world/lake"))
    memory.apply(an_article(id="a1", version=2, url="/world/lake-2", former_urls=("/world/lake",)))

    memory.apply(an_article(id="a2", url="/world/lake"))
    memory.apply(an_article(id="a1", version=3, url="/world/lake-3", former_urls=("/world/lake", "/world/lake-2")))
    path = memory.documents[path_name("/world/lake")]

    assert isinstance(path, StoredPath)
    assert (path.article_id, path.state) == ("a2", "current")


def test_recommended_are_those_with_most_tags_in_common_then_the_newest_of_the_section() -> None:
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

    cards = memory.ask(lambda shelf: queries.recommended_for(shelf, article, 5))

    assert [card.article_id for card in cards] == ["both", "one", "newer neighbour", "neighbour"]


def test_a_front_left_short_by_withdrawals_is_shown_with_the_page_before() -> None:
    memory = Memory()
    memory.apply(*(an_article(id=f"a{number:02d}", minute=number) for number in range(36)))
    memory.apply(*(an_article(ArticleWithdrawn, id=f"a{number:02d}", version=2, minute=number) for number in (35, 34)))

    front = memory.ask(lambda shelf: queries.front_of(shelf, "section:world"))
    page = memory.ask(lambda shelf: queries.page_of(shelf, "section:world", 1))

    assert front is not None
    assert page is not None
    assert [card.article_id for card in front.cards] == [f"a{number:02d}" for number in reversed(range(34))]
    assert (front.older, page.older, page.newer, len(page.cards)) == (None, None, None, 24)


def test_titles_of_tags_and_authors_are_as_editors_write_them() -> None:
    memory = Memory()
    memory.apply(an_article(tags=("Port Halim", "النيل"), bylines=("Zoë Quentin",), published_at=MORNING))

    titles = memory.ask(
        lambda shelf: {name: page.title for name, page in queries.fronts_of(shelf, list(lists_of(_tagged))).items()}
    )

    assert set(titles.values()) == {"", "Port Halim", "النيل", "Zoë Quentin"}


_tagged = an_article(tags=("Port Halim", "النيل"), bylines=("Zoë Quentin",))


def test_an_articles_page_is_read_in_few_queries() -> None:
    memory = Memory()
    articles = [an_article(id=f"a{number:02d}", minute=number, tags=("Lakes", "Salt")) for number in range(80)]
    memory.apply(*articles)
    shelf, reads = LoadedSnapshot(), 0

    def load(question: Callable[[Snapshot], object]) -> None:
        nonlocal reads
        while True:
            try:
                question(shelf)
                return
            except NotLoaded as error:
                reads += 1
                for name in error.missing:
                    shelf.add(name, memory.documents.get(name), 1)

    load(lambda shelf: shelf.get(path_name("/world/a30"), StoredPath))
    load(lambda shelf: queries.article_of(shelf, "a30"))
    load(lambda shelf: queries.comments_of(shelf, articles[30], None))
    load(lambda shelf: queries.neighbours_of(shelf, articles[30]))
    load(lambda shelf: queries.recommended_for(shelf, articles[30], 4))

    # Its path, itself, what stands beside it, its page of the section's row: the hint may be one off.
    assert reads <= 5


def test_a_units_events_are_projected_with_few_queries_although_their_lists_overflow() -> None:
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

    # What all events need, then the pages that overflow here and there: those of several lists together.
    assert max(queries) <= 6
    assert len(memory.rows(paged_list.cards_of("site"))) == 17

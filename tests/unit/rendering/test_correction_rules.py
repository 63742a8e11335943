"""The list of corrections and the public histories follow the articles."""

from collections.abc import Sequence
from datetime import timedelta

from services.rendering.pages import queries
from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import StoredArticle, StoredHistory
from services.rendering.readmodel.names import article_name, history_name
from shared.events import ArticleCorrected, ArticleState, ArticleWithdrawn, Correction, Erased, PublicVersion
from tests.support.projector import MORNING, an_article
from tests.support.read_model import Memory


def corrected(number: int, *minutes: int, version: int = 2, **changes: object) -> ArticleState:
    """An article with a correction at each of these minutes."""
    notes = tuple(Correction(note=f"a{number} {at}", at=MORNING + timedelta(minutes=at)) for at in minutes)
    changes = {"id": f"a{number}", "version": version, "corrections": notes, **changes}
    return an_article(ArticleCorrected, **changes)


def listed(memory: Memory) -> list[str]:
    """The notes of all pages, oldest first."""
    return [entry.note for _, entries in memory.pages(paged_list.CORRECTION_ENTRIES) for entry in entries]


def test_each_correction_of_an_article_is_listed_by_its_time() -> None:
    memory = Memory()

    memory.apply(corrected(1, 5, 30), corrected(2, 10))

    assert listed(memory) == ["a1 5", "a2 10", "a1 30"]


def test_new_headline_is_shown_with_every_correction() -> None:
    memory = Memory()
    memory.apply(corrected(1, 5, 30))

    memory.apply(corrected(1, 5, 30, version=3, headline="Changed", url="/africa/changed"))

    front = memory.ask(lambda snapshot: queries.corrections_of(snapshot, None))
    assert front is not None
    assert {(entry.headline, entry.url) for entry in front.entries} == {("Changed", "/africa/changed")}


def test_withdrawn_article_has_no_correction_until_republished() -> None:
    memory = Memory()
    memory.apply(corrected(1, 5, 30), corrected(2, 10))

    memory.apply(an_article(ArticleWithdrawn, id="a1", version=3))
    withdrawn = listed(memory)
    memory.apply(corrected(1, 5, 30, version=4))

    assert withdrawn == ["a2 10"]
    assert listed(memory) == ["a1 5", "a2 10", "a1 30"]


def test_erased_article_has_neither_corrections_nor_history() -> None:
    memory = Memory()
    memory.apply(corrected(1, 5, history=(version(1),)))

    memory.apply(Erased(id="a1"))

    assert listed(memory) == []
    assert history_name("a1") not in memory.documents


def test_unchanged_corrections_are_neither_read_nor_touched() -> None:
    memory = Memory()
    memory.apply(*(corrected(number, number) for number in range(1, 90)))
    del memory.documents["corrections:1"]  # whoever reads it fails

    touched = memory.apply(corrected(1, 1, version=3, body_html="<p>More.</p>"))

    assert touched == {"article:a1"}


def test_new_correction_touches_the_front_alone() -> None:
    memory = Memory()
    memory.apply(*(corrected(number, number) for number in range(1, 90)))

    touched = memory.apply(corrected(1, 1, 200, version=3))

    assert touched == {"article:a1", "corrections:front"}


def test_corrections_of_one_moment_are_all_listed() -> None:
    memory = Memory()

    memory.apply(corrected(1, 5, 5), corrected(2, 5))

    assert listed(memory) == ["a1 5", "a1 5", "a2 5"]


def test_corrections_from_before_the_list_come_with_the_next_event() -> None:
    memory = Memory()
    memory.apply(corrected(1, 5))
    stored = memory.documents[article_name("a1")]
    memory.documents = {article_name("a1"): stored.model_copy(update={"correction_hints": ()})}

    memory.apply(corrected(1, 5, 30, version=3))

    assert listed(memory) == ["a1 5", "a1 30"]


def test_pages_of_corrections_keep_their_numbers() -> None:
    memory = Memory()
    memory.apply(*(corrected(number, number) for number in range(1, 101)))
    before = _page(memory, 1)

    memory.apply(*(corrected(number, number) for number in range(101, 161)))
    memory.apply(an_article(ArticleWithdrawn, id="a7", version=3))

    assert before == [f"a{number} {number}" for number in range(1, 25)]
    assert _page(memory, 1) == [note for note in before if note != "a7 7"]
    assert len(listed(memory)) == 159


def _page(memory: Memory, number: int) -> Sequence[str]:
    page = memory.ask(lambda snapshot: queries.corrections_of(snapshot, number))
    return [] if page is None else [entry.note for entry in page.entries]


def version(number: int) -> PublicVersion:
    return PublicVersion(version=number, at=MORNING, kind="published")


def test_history_is_a_document_of_its_own() -> None:
    memory = Memory()
    versions = (version(1), version(3))

    touched = memory.apply(an_article(id="a1", version=3, history=versions))

    article = memory.documents[article_name("a1")]
    assert isinstance(article, StoredArticle)
    assert article.state is not None
    assert article.state.history == ()
    assert article.public_versions == 2
    assert memory.documents[history_name("a1")] == StoredHistory(versions=versions)
    assert history_name("a1") in touched


def test_withdrawn_article_has_no_history() -> None:
    memory = Memory()
    memory.apply(an_article(id="a1", history=(version(1),)))

    touched = memory.apply(an_article(ArticleWithdrawn, id="a1", version=2, history=(version(1),)))

    assert history_name("a1") not in memory.documents
    assert history_name("a1") in touched


def test_republished_event_follows_the_switch_for_histories() -> None:
    memory = Memory()
    memory.apply(an_article(id="a1", history=(version(1),)))

    memory.apply(an_article(id="a1"))
    without = history_name("a1") in memory.documents
    memory.apply(an_article(id="a1", history=(version(1),)))

    assert not without
    assert history_name("a1") in memory.documents

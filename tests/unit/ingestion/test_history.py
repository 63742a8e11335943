"""The public history of an article: versions, differences, bounds, and what must never be in it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingestion.articles import rules
from services.ingestion.articles.history import (
    MOST_BYTES,
    MOST_VERSION_BYTES,
    MOST_VERSIONS,
    bounded,
    known_history,
    next_history,
)
from services.ingestion.articles.rules import Article, Author, Content, event_of
from shared.events import FieldDifference, PublicVersion, TextPiece, encode
from shared.kafka.producer import check_size
from tests.support.examples import examples

NOON = datetime(2026, 2, 8, 12, tzinfo=UTC)
INES = Author(id="ines", name="Ines Halloran")
CONTENT = Content(
    headline="Ferry fares to rise",
    section="world",
    slug="ferry-fares-to-rise",
    standfirst="From March on.",
    body_markdown="They rise by ten.",
    body_html="<p>They rise by ten.</p>",
    bylines=("Ines Halloran",),
    tags=("Harbours",),
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


def saved(article: Article, **fields: object) -> Article:
    """The article with another working copy, saved automatically."""
    content = article.working.model_copy(update=fields)
    at = article.updated_at + timedelta(minutes=1)
    return rules.autosave(article, content, slug_is_chosen=False, by=INES, at=at)


def done(article: Article, action: str) -> Article:
    """The article after an act, with its history."""
    at = article.updated_at + timedelta(minutes=1)
    if action == "withdraw":
        return rules.withdraw(article, at=at).model_copy(update={"history": article.history})
    after = rules.correct(article, note="It was ten.", at=at) if action == "correct" else rules.publish(article, at=at)
    return after.model_copy(update={"history": next_history(article, after, article.history)})


def version(number: int, size: int = 0) -> PublicVersion:
    """A version with a difference of some size."""
    pieces = ((TextPiece(kind="added", text="x" * size),),)
    differences = (FieldDifference(field="body_markdown", paragraphs=pieces),) if size else ()
    return PublicVersion(
        version=number, at=NOON, kind="updated" if number > 1 else "published", differences=differences
    )


def size_of(history: tuple[PublicVersion, ...]) -> int:
    """Bytes of a history's JSON."""
    return sum(len(each.model_dump_json().encode()) + 1 for each in history)


def test_each_public_version_has_its_kind_note_and_differences() -> None:
    public = done(DRAFT, "publish")
    updated = done(saved(public, body_markdown="They rise by twelve."), "publish")
    corrected = done(saved(updated, body_markdown="They rise by ten.", bylines=("Omar Saleh",)), "correct")

    history = corrected.history
    assert [(each.version, each.kind, each.note, each.is_cut) for each in history] == [
        (2, "published", "", False), (4, "updated", "", False), (6, "corrected", "It was ten.", False),
    ]  # fmt: skip
    assert history[0].differences == ()
    assert [(piece.kind, piece.text) for piece in history[1].differences[0].paragraphs[0]] == [
        ("same", "They rise by "), ("removed", "ten"), ("added", "twelve"), ("same", "."),
    ]  # fmt: skip
    assert [difference.field for difference in history[2].differences] == ["body_markdown", "bylines"]
    event = event_of(corrected)
    assert event is not None
    assert event.history == history


def test_text_that_was_never_public_is_in_no_difference() -> None:
    public = done(DRAFT, "publish")
    secret = saved(public, headline="Minister is a spy", body_markdown="An unproven claim.", standfirst="Secret.")
    public = done(
        saved(secret, headline="Ferry fares rise", body_markdown="They rise by ten.", standfirst=""), "publish"
    )

    event = event_of(public)

    assert event is not None
    text = event.model_dump_json()
    assert "Ferry fares" in text
    assert not [word for word in ("spy", "unproven", "Secret") if word in text]


def test_withdrawal_takes_its_text_back_from_the_history() -> None:
    public = done(saved(done(DRAFT, "publish"), body_markdown="A libel."), "publish")
    corrected = done(saved(public, body_markdown="No libel here."), "correct")
    withdrawn = done(corrected, "withdraw")
    back = done(saved(withdrawn, body_markdown="A clean text."), "publish")

    event = event_of(withdrawn)
    assert event is not None
    assert event.history == ()
    assert [each.kind for each in back.history] == ["published", "updated", "corrected", "republished"]
    assert [each.is_cut for each in back.history] == [False, True, True, True]
    assert not [each for each in back.history if each.differences]


def test_switched_off_history_is_in_no_event_and_its_versions_have_no_differences() -> None:
    public = done(DRAFT, "publish")
    hidden = done(saved(public, history_public=False, body_markdown="Hidden."), "publish")
    shown = done(saved(hidden, history_public=True, body_markdown="Shown."), "publish")
    later = done(saved(shown, body_markdown="Shown again."), "publish")

    events = [event_of(article) for article in (public, hidden, shown, later)]
    assert [len(event.history) for event in events if event is not None] == [1, 0, 3, 4]
    assert [(bool(each.differences), each.is_cut) for each in later.history] == [
        (False, False), (False, True), (False, True), (True, False),
    ]  # fmt: skip


@settings(max_examples=examples(60))
@given(
    st.lists(st.sampled_from([0, 10, 3_000, 40_000]), min_size=1, max_size=60),
    st.sampled_from([0, 900, 9_000, MOST_BYTES]),
)
def test_history_is_bounded_and_loses_the_oldest_first(sizes: list[int], most_bytes: int) -> None:
    history = bounded([version(number, size) for number, size in enumerate(sizes, 1)], most_bytes)

    assert size_of(history) <= most_bytes
    assert len(history) <= MOST_VERSIONS
    numbers = [each.version for each in history]
    assert numbers == sorted(set(numbers))
    if history:
        assert numbers[0] == 1
        assert len(numbers) == 1 or numbers[-1] == len(sizes)
    with_text = [each.version for each in history if sizes[each.version - 1]]
    is_kept = [bool(each.differences) for each in history if sizes[each.version - 1]]
    assert is_kept == sorted(is_kept), with_text
    assert all(each.is_cut for each in history if sizes[each.version - 1] and not each.differences)


def test_very_long_difference_is_cut_and_the_event_stays_within_the_limit() -> None:
    long = "\n\n".join(f"Paragraph {number}. " + "word " * 300 for number in range(130))
    public = done(DRAFT, "publish")
    for text in (long, long.replace("word", "other"), long.replace("word", "third")):
        public = done(saved(public, body_markdown=text, body_html=text), "publish")

    assert public.history[-1].is_cut
    assert public.history[-1].differences
    assert size_of(public.history[-1:]) < MOST_VERSION_BYTES + 2_000
    assert size_of(public.history) <= MOST_BYTES
    event = event_of(public)
    assert event is not None
    check_size(encode(event))


def test_article_that_fills_an_event_has_the_history_that_fits() -> None:
    text = "\N{CJK UNIFIED IDEOGRAPH-4E00}" * 148_000
    public = done(saved(DRAFT, body_markdown=text, body_html=text), "publish")
    public = done(saved(public, headline="Other words " * 10, standfirst="x" * 500), "publish")

    event = event_of(public)
    assert event is not None
    check_size(encode(event))


def test_article_of_an_earlier_release_shows_times_and_notes() -> None:
    public = rules.publish(DRAFT, at=NOON + timedelta(minutes=1))
    corrected = rules.correct(saved(public), note="It was ten.", at=NOON + timedelta(minutes=9))
    updated = rules.publish(saved(corrected), at=NOON + timedelta(minutes=20))

    assert [(each.version, each.kind) for each in known_history(public)] == [(2, "published")]
    assert [(each.version, each.kind, each.note) for each in known_history(corrected)] == [
        (2, "published", ""), (4, "corrected", "It was ten."),
    ]  # fmt: skip
    history = known_history(updated)
    assert [(each.version, each.kind) for each in history] == [(2, "published"), (3, "corrected"), (6, "updated")]
    assert [each.is_cut for each in history] == [False, True, True]
    assert [each.at for each in history] == [public.published_at, corrected.corrected_at, updated.updated_at]
    assert known_history(DRAFT) == ()

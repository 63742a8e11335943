"""Rules for comment events: threads are the same for any order and any redelivery of the events."""

import random
from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.rendering.pages import queries
from services.rendering.pages.comment_models import CommentsView, CommentView
from services.rendering.projector.comment_rules import MOST_IN_THREAD
from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import StoredArticle, StoredDiscussion, StoredThread, StoredThreadPage
from shared.events import CommentHeld, CommentPublished, CommentRemoved, CommentState, Erased
from tests.support.examples import examples
from tests.support.projector import MORNING, a_comment, an_article
from tests.support.read_model import Memory

ARTICLE = an_article(id="a1")
PAGED = paged_list.threads_of("a1")


def a_reply(comment_id: str, to: str, root: str, **changes: object) -> CommentState:
    return a_comment("a1", CommentPublished, id=comment_id, parent_id=to, root_id=root, **changes)


def removed(comment: CommentState) -> CommentState:
    fields = comment.model_dump() | {"version": comment.version + 1, "status": "removed"}
    return CommentRemoved.model_validate(fields)


def page(memory: Memory, number: int | None = None) -> CommentsView:
    view = memory.ask(lambda snapshot: queries.discussion_of(snapshot, ARTICLE, number))
    assert view is not None
    return view


def shape(view: CommentsView) -> list[list[tuple[str, int]]]:
    return [[(c.comment_id, c.depth) for c in (thread.opener, *thread.replies)] for thread in view.threads]


def histories(rng: random.Random) -> dict[str, list[CommentState]]:
    """Threads with nested replies, edited, removed and restored; the events of each comment in order."""
    found: dict[str, list[CommentState]] = {}
    for number in range(rng.randrange(1, 40)):
        name = f"c{number:02d}"
        parent = found[rng.choice(list(found))][0] if found and rng.random() < 0.6 else None
        first = a_comment(
            "a1", id=name, minute=number, parent_id=parent and parent.id, root_id=parent.root_id if parent else name
        )
        found[name] = [first]
        for _ in range(rng.randrange(3)):
            before = found[name][-1]
            status = rng.choice(["removed", "published"]) if before.status == "published" else "published"
            update = {"version": before.version + 1, "status": status, "body_html": f"<p>{before.version}</p>"}
            found[name].append(before.model_copy(update=update))
    return found


def shuffled(history: dict[str, list[CommentState]], rng: random.Random) -> list[CommentState]:
    """All events in random order, in order for each comment, some delivered twice."""
    events = []
    waiting = {name: list(events) for name, events in history.items()}
    while waiting:
        name = rng.choice(list(waiting))
        events.append(waiting[name].pop(0))
        if not waiting[name]:
            del waiting[name]
        if events and rng.random() < 0.2:
            events.append(rng.choice(events))
    return events


@settings(max_examples=examples(80), deadline=None)
@given(st.integers(0, 1 << 32))
def test_threads_show_the_newest_events_in_any_order(seed: int) -> None:
    rng = random.Random(seed)
    history = histories(rng)
    memory = Memory()

    for event in shuffled(history, rng):
        memory.apply(event)

    visible = {name: events[-1] for name, events in history.items() if events[-1].status == "published"}
    view = page(memory)
    shown = [comment for thread in view.threads for comment in (thread.opener, *thread.replies)]
    assert sorted(c.comment_id for c in shown if not c.removed) == sorted(visible)
    assert view.total == len(visible)
    assert all(c.removed or c.body_html == visible[c.comment_id].body_html for c in shown)
    assert all(c.name == c.body_html == "" for c in shown if c.removed)
    assert [thread.opener.comment_id for thread in view.threads] == sorted({c.root_id for c in visible.values()})
    _check_order_of_replies(history, shown)


def _check_order_of_replies(history: dict[str, list[CommentState]], shown: Sequence[CommentView]) -> None:
    depth_of = {comment.comment_id: comment.depth for comment in shown}
    order = [comment.comment_id for comment in shown]
    for name in order:
        parent = history[name][0].parent_id
        if parent in depth_of and parent is not None:
            assert depth_of[name] == depth_of[parent] + 1
            assert order.index(parent) < order.index(name)


@settings(max_examples=examples(40), deadline=None)
@given(st.integers(0, 1 << 32))
def test_two_orders_of_events_give_equal_threads(seed: int) -> None:
    rng = random.Random(seed)
    history = histories(rng)
    one, other = Memory(), Memory()

    one.apply(*shuffled(history, rng))
    for event in shuffled(history, rng):
        other.apply(event)

    assert page(one) == page(other)


def test_early_reply_gets_a_placeholder_for_its_opener() -> None:
    memory = Memory()
    memory.apply(a_comment("a1", id="c1", minute=1), a_comment("a1", id="c5", minute=5))

    memory.apply(a_reply("c9", "c3", "c3", minute=9))
    early = page(memory)
    memory.apply(a_comment("a1", id="c3", minute=3))
    late = page(memory)

    assert shape(early) == [[("c1", 0)], [("c5", 0)], [("c3", 0), ("c9", 1)]]
    assert early.threads[2].opener.removed
    assert early.total == 3
    assert shape(late) == [[("c1", 0)], [("c3", 0), ("c9", 1)], [("c5", 0)]]
    assert late.threads[1].replies[0].reply_to_name == "Ada Byrne"
    assert late.total == 4


def test_removed_comment_loses_its_text_and_keeps_its_replies() -> None:
    memory = Memory()
    opener, answer = a_comment("a1", id="c1", name="Rude"), a_reply("c2", "c1", "c1", minute=1)
    memory.apply(opener, answer, a_reply("c3", "c2", "c1", minute=2))

    memory.apply(removed(opener), removed(answer))
    view = page(memory)

    assert shape(view) == [[("c1", 0), ("c2", 1), ("c3", 2)]]
    assert [c.removed for c in (view.threads[0].opener, *view.threads[0].replies)] == [True, True, False]
    assert view.total == 1
    assert "Rude" not in str(memory.documents)


def test_nested_removed_comments_keep_their_depth() -> None:
    memory = Memory()
    first, second = a_reply("c1", "c0", "c0", minute=1), a_reply("c2", "c1", "c0", minute=2)
    memory.apply(a_comment("a1", id="c0"), first, second, a_reply("c3", "c2", "c0", minute=3))

    memory.apply(removed(first), removed(second))

    assert shape(page(memory)) == [[("c0", 0), ("c1", 1), ("c2", 2), ("c3", 3)]]


def test_thread_ends_with_its_last_visible_comment() -> None:
    memory = Memory()
    opener, reply = a_comment("a1", id="c1"), a_reply("c2", "c1", "c1")
    memory.apply(opener, reply, removed(opener))

    memory.apply(removed(reply))

    assert page(memory) == CommentsView(total=0)


def test_reply_to_a_held_comment_hangs_on_a_placeholder() -> None:
    memory = Memory()
    held = a_comment("a1", CommentHeld, id="c1", status="pending", name="Rude")

    memory.apply(held, a_reply("c2", "c1", "c1", minute=1))
    view = page(memory)

    assert shape(view) == [[("c1", 0), ("c2", 1)]]
    assert (view.threads[0].opener.removed, view.threads[0].opener.name, view.total) == (True, "", 1)


def test_held_comment_appears_at_its_time_once_approved() -> None:
    memory = Memory()
    held = a_comment("a1", CommentHeld, id="c1", status="pending", minute=1)
    memory.apply(held, a_comment("a1", id="c2", minute=2))

    before = page(memory)
    memory.apply(held.model_copy(update={"version": 2, "status": "published"}))
    after = page(memory)

    assert shape(before) == [[("c2", 0)]]
    assert shape(after) == [[("c1", 0)], [("c2", 0)]]


def test_fifty_threads_become_a_page_with_a_stable_number() -> None:
    memory = Memory()
    memory.apply(*(a_comment("a1", id=f"c{number:03d}", minute=number) for number in range(75)))
    first = page(memory, 1)

    memory.apply(*(a_comment("a1", id=f"c{number:03d}", minute=number) for number in range(75, 140)))

    assert (len(first.threads), first.page, first.pages) == (50, 1, 2)
    assert page(memory, 1).threads == first.threads
    assert [thread.opener.comment_id for thread in page(memory).threads] == [f"c{n:03d}" for n in range(100, 140)]
    assert (page(memory).page, page(memory).pages, page(memory).total) == (3, 3, 140)
    assert memory.ask(lambda snapshot: queries.discussion_of(snapshot, ARTICLE, 4)) is None


def test_redelivered_event_touches_the_same_documents() -> None:
    memory = Memory()

    first = memory.apply(a_comment("a1", id="c1"))
    again = memory.apply(a_comment("a1", id="c1"))

    assert first == again == {"comments:a1", "discussion:a1"}


def test_late_event_does_not_restore_an_erased_comment() -> None:
    memory = Memory()
    comment = a_comment("a1", id="c1", name="Ada Byrne")
    memory.apply(comment)

    erased = memory.erase_comment("c1")
    memory.apply(comment)

    assert erased == {"comments:a1", "discussion:a1"}
    assert "Ada" not in str(memory.documents)
    assert page(memory).total == 0


def test_erased_article_keeps_no_old_and_no_new_comments() -> None:
    memory = Memory()
    memory.apply(ARTICLE, a_comment("a1", id="c1"))

    memory.apply(Erased(id="a1"))
    memory.apply(a_comment("a1", id="c2"))

    assert "fine piece" not in str(memory.documents)
    assert isinstance(memory.documents["article:a1"], StoredArticle)
    assert "comments:a1" not in memory.documents


def test_edited_and_voted_comment_changes_where_it_is() -> None:
    memory = Memory()
    comments = [a_comment("a1", id="root"), *(a_reply(f"r{n:04d}", "root", "root", minute=n) for n in range(1, 150))]
    memory.apply(*comments)
    before = [shape(page(memory, number)) for number in (1, None)]

    late, early = comments[-1], comments[1]
    votes = {"version": 2, "edited_at": MORNING, "picked": True, "votes": {"up": 3, "down": 1}}
    for comment in (comments[0], early, late):
        memory.apply(comment.model_copy(update={"version": 1, "name": "outdated"}))
        memory.apply(type(comment).model_validate(comment.model_dump() | votes))
    views = [page(memory, number) for number in (1, None)]

    assert [shape(view) for view in views] == before
    assert views[0].total == 150
    shown = [c for view in views for thread in view.threads for c in (thread.opener, *thread.replies)]
    changed = [c for c in shown if c.edited_at == MORNING]
    assert [c.comment_id for c in changed] == ["root", early.id, late.id]
    assert all((c.votes_up, c.votes_down, c.picked, c.name) == (3, 1, True, "Ada Byrne") for c in changed)


def test_replies_are_counted_below_each_comment_without_removed_ones() -> None:
    memory = Memory()
    answer = a_reply("c2", "c1", "c1", minute=1)
    memory.apply(
        a_comment("a1", id="c1"), answer, a_reply("c3", "c2", "c1", minute=2), a_reply("c4", "c1", "c1", minute=3)
    )

    memory.apply(removed(answer))

    (thread,) = page(memory).threads
    assert [(c.comment_id, c.replies) for c in (thread.opener, *thread.replies)] == [
        ("c1", 2), ("c2", 1), ("c3", 0), ("c4", 0),
    ]  # fmt: skip


def test_number_of_comments_of_an_earlier_release_is_taken_over() -> None:
    memory = Memory()
    memory.documents["comments:a1"] = StoredThreadPage(total=7)
    comment = a_comment("a1", id="c1")

    before = page(memory).total
    memory.apply(comment)
    memory.apply(a_comment("a1", id="c2"))
    assert memory.documents["discussion:a1"] == StoredDiscussion(total=9)
    memory.apply(removed(comment))

    assert (before, page(memory).total) == (7, 8)


def test_pages_of_threads_are_bounded() -> None:
    memory = Memory()
    memory.apply(a_comment("a1", id="root"))
    for number in range(0, 900, 60):
        memory.apply(*(a_reply(f"r{n:04d}", "root", "root", minute=n) for n in range(number, number + 60)))

    sizes = [
        sum(len(thread.comments) for thread in threads if isinstance(thread, StoredThread))
        for _, threads in memory.pages(PAGED)
    ]

    assert sum(sizes) == page(memory).total == 901
    assert max(sizes) <= 2 * PAGED.page_limit
    assert max(len(thread.comments) for _, threads in memory.pages(PAGED) for thread in threads) == MOST_IN_THREAD


def test_late_threads_do_not_overfill_an_old_page() -> None:
    memory = Memory()
    memory.apply(*(a_comment("a1", id=f"c{n:03d}", created_at=MORNING + timedelta(hours=n)) for n in range(75)))

    for number in range(120):
        late = MORNING + timedelta(minutes=number)
        memory.apply(a_comment("a1", id=f"late{number:03d}", created_at=late))

    assert [number for number, _ in memory.pages(PAGED)] == [1, 2, None]
    assert len(memory.pages(PAGED)[0][1]) == PAGED.page_limit
    assert page(memory).total == 195


def test_event_on_an_old_page_reads_that_page_alone() -> None:
    memory = Memory()
    comments = [a_comment("a1", id=f"c{number:04d}", minute=number) for number in range(1500)]
    for start in range(0, 1500, 50):
        memory.apply(*comments[start : start + 50])
    (_, oldest), *_ = memory.pages(PAGED)

    for comment in (comments[3], comments[700]):
        memory.loaded = 0
        touched = memory.apply(comment.model_copy(update={"version": 2, "body_html": "<p>Edited.</p>"}))

        assert len(touched) == 1
        # The comment's own document, the article's, the discussion's, the newest page, and the page of the thread or its neighbour.
        assert memory.loaded <= 6
    assert len(oldest) == PAGED.page_size

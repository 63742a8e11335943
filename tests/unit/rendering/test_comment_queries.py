"""A comment with a parent in another thread, or on another page of the discussion, names it and links to it."""

import random

from services.rendering.pages.comment_models import CommentsView, CommentView
from services.rendering.pages.models import ArticleView
from services.rendering.pages.queries import discussion_of
from shared.events import CommentRemoved, CommentState, Erased
from tests.support.page_server import TEMPLATES
from tests.support.projector import MORNING, a_comment, an_article
from tests.support.read_model import Memory

ARTICLE = an_article(id="a1")


def a_chain(length: int) -> list[CommentState]:
    """A thread in which every comment replies to the one before."""
    return [
        a_comment(
            "a1",
            id=f"c{number:03d}",
            name=f"Reader {number}",
            parent_id=f"c{number - 1:03d}" if number else None,
            root_id="c000",
            minute=number,
        )
        for number in range(length)
    ]


def model_of(*comments: CommentState) -> Memory:
    memory = Memory()
    memory.apply(ARTICLE)
    for comment in comments:
        memory.apply(comment)
    return memory


def shown(memory: Memory, number: int | None = None) -> CommentsView:
    view = memory.ask(lambda snapshot: discussion_of(snapshot, ARTICLE, number))
    assert view is not None
    return view


def comments(view: CommentsView) -> dict[str, CommentView]:
    return {comment.comment_id: comment for thread in view.threads for comment in (thread.opener, *thread.replies)}


def test_reply_names_its_parent_on_another_page() -> None:
    memory = model_of(*a_chain(200))
    view = shown(memory)
    newest, previous = comments(view), comments(shown(memory, view.pages - 1))

    border = min(newest)
    parent = f"c{int(border[1:]) - 1:03d}"

    assert parent in previous
    reply = newest[border]
    assert (reply.reply_to_id, reply.reply_to_name) == (parent, f"Reader {int(parent[1:])}")
    assert reply.reply_to_path == f"{ARTICLE.url}?comment={parent}"
    assert all(comment.reply_to_name for comment in newest.values())


def test_parent_on_the_same_page_is_linked_by_a_fragment() -> None:
    memory = model_of(*a_chain(103))

    found = comments(shown(memory))

    assert (found["c101"].reply_to_name, found["c101"].reply_to_path) == ("Reader 100", "")
    assert found["c050"].reply_to_path is None


def test_hidden_parent_is_not_named() -> None:
    chain = a_chain(200)
    memory = model_of(*chain)
    border = min(comments(shown(memory)))
    parent = chain[int(border[1:]) - 1]
    memory.apply(CommentRemoved.model_validate({**parent.model_dump(), "version": 2, "status": "removed"}))

    assert comments(shown(memory))[border].reply_to_name == ""


def test_page_of_replies_to_comments_everywhere_reads_one_page_of_threads() -> None:
    rng = random.Random(7)
    root = a_comment("a1", id="root")
    thread = [root]
    for number in range(1, 1200):
        parent = rng.choice(thread)
        name = f"r{number:04d}"
        thread.append(a_comment("a1", id=name, name=name, parent_id=parent.id, root_id="root", minute=number))
    memory = Memory()
    memory.apply(ARTICLE)
    for start in range(0, len(thread), 60):
        memory.apply(*thread[start : start + 60])
    memory.loaded = memory.queries = 0

    view = shown(memory)
    parents = {comment.reply_to_id: comment for comment in comments(view).values()}

    named = {comment.comment_id: comment.reply_to_name for comment in comments(view).values()}
    assert named == {name: next(c.parent_id for c in thread if c.id == name) or "" for name in named} | {
        name: "Ada Byrne" for name in named if comments(view)[name].reply_to_id == "root"
    }
    assert memory.queries == 2
    assert memory.loaded <= len(parents) + 10


def test_erased_and_restored_parents_follow_in_other_threads() -> None:
    chain = a_chain(200)
    memory = model_of(*chain)
    border = min(comments(shown(memory)))
    parent = chain[int(border[1:]) - 1]
    hidden = parent.model_dump() | {"version": 2, "status": "removed"}

    touched = memory.apply(CommentRemoved.model_validate(hidden))
    memory.apply(parent.model_copy(update={"version": 3}))
    restored = comments(shown(memory))[border].reply_to_name
    memory.erase_comment(parent.id)

    assert f"parent:{parent.id}" in touched
    assert restored == parent.name
    assert comments(shown(memory))[border].reply_to_name == ""
    assert parent.name not in {getattr(document, "name", "") for document in memory.documents.values()}


def test_erased_article_keeps_no_names_of_parents() -> None:
    memory = model_of(*a_chain(200))
    assert any(name.startswith("parent:") for name in memory.documents)

    memory.apply(Erased(id="a1"))

    assert not any(name.startswith("parent:") for name in memory.documents)


def test_many_replies_to_one_comment_cost_few_reads() -> None:
    chain = a_chain(1)
    replies = [
        a_comment("a1", id=f"r{number:03d}", parent_id="c000", root_id="c000", minute=number)
        for number in range(1, 400)
    ]
    memory = model_of(*chain, *replies)
    memory.loaded = 0

    view = shown(memory)

    assert {comment.reply_to_id for comment in comments(view).values()} == {"c000"}
    assert memory.loaded <= 10


def test_reply_links_to_its_parent_on_another_page() -> None:
    memory = model_of(*a_chain(200))
    view = ArticleView("a1", ARTICLE.url, "A headline", "world", MORNING, "<p>Text.</p>", comments=shown(memory))
    border = min(comments(view.comments))
    parent = int(border[1:]) - 1

    page = TEMPLATES.article(view)

    assert (
        f'href="{ARTICLE.url}?comment=c{parent:03d}#comment-c{parent:03d}">in reply to \u2068Reader {parent}\u2069'
        in page
    )

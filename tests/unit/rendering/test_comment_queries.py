"""A comment with a parent in another thread, or on another page of the discussion, names it and links to it."""

from services.rendering.pages.models import ArticleView, CommentsView, CommentView
from services.rendering.pages.queries import discussion_of
from shared.events import CommentRemoved, CommentState
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
    assert reply.reply_to_path == f"{ARTICLE.url}?comments={view.pages - 1}"
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
        f'href="{ARTICLE.url}?comments={view.comments.pages - 1}#comment-c{parent:03d}">in reply to \u2068Reader {parent}\u2069'
        in page
    )

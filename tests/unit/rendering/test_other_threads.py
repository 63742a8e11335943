"""Comments whose parents stand in another thread, or on another page of the discussion, say so and lead there."""

from services.rendering.pages.models import ArticleView, CommentsView, CommentView
from services.rendering.pages.queries import comments_of
from shared.events import CommentRemoved, CommentState
from tests.support.projector import MORNING, a_comment, an_article
from tests.support.read_model import Memory
from tests.unit.rendering.test_templates import TEMPLATES

ARTICLE = an_article(id="a1")


def a_chain(length: int) -> list[CommentState]:
    """A thread in which every comment answers the one before."""
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


def told(*comments: CommentState) -> Memory:
    memory = Memory()
    memory.apply(ARTICLE)
    for comment in comments:
        memory.apply(comment)
    return memory


def shown(memory: Memory, number: int | None = None) -> CommentsView:
    view = memory.ask(lambda shelf: comments_of(shelf, ARTICLE, number))
    assert view is not None
    return view


def comments(view: CommentsView) -> dict[str, CommentView]:
    return {said.comment_id: said for thread in view.threads for said in (thread.opener, *thread.replies)}


def test_a_deep_thread_that_goes_on_on_another_page_says_whom_it_answers_there() -> None:
    memory = told(*a_chain(200))
    view = shown(memory)
    newest, before = comments(view), comments(shown(memory, view.pages - 1))

    border = min(newest)
    parent = f"c{int(border[1:]) - 1:03d}"

    assert parent in before
    answer = newest[border]
    assert (answer.reply_to_id, answer.reply_to_name) == (parent, f"Reader {int(parent[1:])}")
    assert answer.reply_to_path == f"{ARTICLE.url}?comments={view.pages - 1}"
    assert all(said.reply_to_name for name, said in newest.items())


def test_where_the_answered_comment_is_on_the_same_page_the_way_is_a_fragment() -> None:
    memory = told(*a_chain(103))

    said = comments(shown(memory))

    assert (said["c101"].reply_to_name, said["c101"].reply_to_path) == ("Reader 100", "")
    assert said["c050"].reply_to_path is None


def test_what_a_reader_cannot_see_is_not_named() -> None:
    chain = a_chain(200)
    memory = told(*chain)
    border = min(comments(shown(memory)))
    parent = chain[int(border[1:]) - 1]
    memory.apply(CommentRemoved.model_validate({**parent.model_dump(), "version": 2, "status": "removed"}))

    assert comments(shown(memory))[border].reply_to_name == ""


def test_a_page_of_many_answers_to_one_comment_costs_a_few_reads() -> None:
    chain = a_chain(1)
    replies = [
        a_comment("a1", id=f"r{number:03d}", parent_id="c000", root_id="c000", minute=number)
        for number in range(1, 400)
    ]
    memory = told(*chain, *replies)
    memory.loaded = 0

    view = shown(memory)

    assert {said.reply_to_id for said in comments(view).values()} == {"c000"}
    assert memory.loaded <= 10


def test_an_answer_to_another_page_is_linked_to_it() -> None:
    memory = told(*a_chain(200))
    view = ArticleView("a1", ARTICLE.url, "A headline", "world", MORNING, "<p>Text.</p>", comments=shown(memory))
    border = min(comments(view.comments))
    parent = int(border[1:]) - 1

    page = TEMPLATES.article(view)

    assert (
        f'href="{ARTICLE.url}?comments={view.comments.pages - 1}#comment-c{parent:03d}">in reply to \u2068Reader {parent}\u2069'
        in page
    )

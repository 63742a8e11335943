"""A read model that an earlier release has written, before votes and discussions: pages show it, and events change it."""

from services.rendering.pages.comment_queries import CommentPlace, place_of
from services.rendering.pages.queries import discussion_of
from services.rendering.readmodel.documents import StoredComment, StoredThreadPage
from shared.events import Votes
from tests.support.projector import a_comment, an_article
from tests.support.read_model import Memory

ARTICLE = an_article(id="a1")
_THREADS = """{"entries":[{"id":"c1","at":"2026-03-01T06:00:00Z","comments":[{"id":"c1","parent_id":null,"name":"Ada Byrne",
"website":null,"body_html":"<p>Old.</p>","created_at":"2026-03-01T06:00:00Z","removed":false}]}],
"lower":["0001-01-01T00:00:00Z",""],"upper":null,"newest":0,"last_number":0,"title":"","total":1,"previous":0,"next":0,
"parts":[],"part_of":0,"below":0}"""
_COMMENT = """{"seen":1,"erased":false,"article_id":"a1","parent_id":null,"thread_id":"c1","visible":true,
"created_at":"2026-03-01T06:00:00Z","thread_at":"2026-03-01T06:00:00Z","touched":["comments:a1"]}"""


def test_comments_of_an_earlier_release_are_shown_found_and_changed() -> None:
    memory = Memory()
    memory.apply(ARTICLE)
    memory.documents["comments:a1"] = StoredThreadPage.model_validate_json(_THREADS)
    memory.documents["comment:c1"] = StoredComment.model_validate_json(_COMMENT)
    before = memory.ask(lambda snapshot: discussion_of(snapshot, ARTICLE, None, "best"))
    place = memory.ask(lambda snapshot: place_of(snapshot, ARTICLE, "c1"))

    memory.apply(a_comment("a1", id="c1", version=2, votes=Votes(up=4)), a_comment("a1", id="c2", minute=1))
    after = memory.ask(lambda snapshot: discussion_of(snapshot, ARTICLE, None, "best"))

    assert before is not None
    assert after is not None
    assert (before.total, before.open, before.threads[0].opener.votes_up, place) == (1, True, 0, CommentPlace(None))
    assert (after.total, [(t.opener.comment_id, t.opener.votes_up) for t in after.threads]) == (
        2,
        [("c1", 4), ("c2", 0)],
    )

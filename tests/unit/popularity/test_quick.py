"""What the quick way writes is what the usual way writes."""

from datetime import datetime
from uuid import uuid4

import orjson
from hypothesis import given
from hypothesis import strategies as st

from services.popularity.articles import known_article
from services.popularity.board import Board
from services.popularity.quick import Moments, view_message
from services.popularity.routes import rank_at
from services.popularity.store import Card
from shared.events import PageViewed, RankedArticle, RankingComputed, Record, decode, encode
from shared.times import now, rfc3339


@given(article=st.text(min_size=1, max_size=30), section=st.text(min_size=1, max_size=20))
def test_a_quickly_written_view_is_the_catalogues_event(article: str, section: str) -> None:
    event_id, moment = uuid4(), now()
    known = known_article(article, Card("published", "H", "/h", section, "en"))

    quick = view_message(str(event_id).encode(), known, rfc3339(moment).encode(), b"00-" + b"1" * 32)
    usual = encode(PageViewed(id=event_id, article_id=article, section=section, viewed_at=moment))

    assert (quick.topic, quick.key, quick.value) == (usual.topic, usual.key, usual.value)
    assert [name for name, _ in quick.headers] == [name for name, _ in usual.headers]
    assert quick.headers[:5] == usual.headers[:5]
    record = Record(quick.topic, known.partition, 0, quick.key, quick.value, quick.headers, 0)
    assert decode(record) == PageViewed(id=event_id, article_id=article, section=section, viewed_at=moment)


def test_the_present_is_written_as_everywhere() -> None:
    before, text, after = now(), Moments().now().decode(), now()

    assert before <= datetime.fromisoformat(text) <= after
    assert text == rfc3339(datetime.fromisoformat(text))


def _record(window: str, *views: int) -> Record:
    items = tuple(
        RankedArticle(article_id=str(number), headline="H", url="/h", section="world", views=count)
        for number, count in enumerate(views)
    )
    message = encode(RankingComputed(window=window, computed_at=now(), items=items))
    return Record(message.topic, 0, 0, message.key, message.value, message.headers, 0)


def test_the_board_answers_with_the_newest_ranking_and_forgets_what_it_answered_before() -> None:
    moves: list[None] = []
    board = Board(moved=lambda: moves.append(None))
    old, new = _record("24h", 1), _record("24h", 3, 2)
    old = Record(old.topic, 0, 0, old.key, old.value, (("ce_id", b"24h::2020-01-01T00:00:00.000Z"),), 0)

    empty = orjson.loads(board.answer("24h", None, 5))
    for record in (old, new, old):
        board.apply(record)
    found = orjson.loads(board.answer("24h", None, 1))

    assert empty == {"window": "24h", "section": None, "computed_at": None, "items": []}
    assert [item["views"] for item in found["items"]] == [3]
    assert found["items"][0].keys() == {"article_id", "headline", "url", "section", "views"}
    assert len(moves) == 2


def test_a_question_that_is_wrong_goes_the_usual_way() -> None:
    board, sections = Board(moved=lambda: None), frozenset({"world"})

    assert rank_at(board, sections, "/v1/popular?window=1h&section=world&limit=3") is not None
    for path in ("?window=2h", "?limit=0", "?top=1", "?section=x", "?limit=1&limit=2", "ity", "/x"):
        assert rank_at(board, sections, f"/v1/popular{path}") is None

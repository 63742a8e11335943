"""Questions: what is read out of a query, and what is said about a bad one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tantivy import Query

from services.search import queries
from services.search.rules import MOST_WORDS, Question, next_cursor, parse, read_offset, read_question
from services.search.store import make_schema, recency
from shared.errors import Problem

SECTIONS = frozenset({"world", "africa"})
SCHEMA = make_schema()


def test_words_phrases_and_a_word_that_is_being_typed_are_told_apart() -> None:
    question = parse('salt "the evening tide" harb')

    assert [word.form for word in question.words] == ["salt", "harb"]
    assert [[word.form for word in phrase] for phrase in question.phrases] == [["the", "evening", "tide"]]
    assert question.typing


@pytest.mark.parametrize("text", ["harbour ", '"harbour"', 'harbour "at night', '"at night" '])
def test_a_word_that_is_closed_is_not_being_typed(text: str) -> None:
    assert not parse(text).typing


def test_a_day_is_whole_and_a_moment_is_one() -> None:
    question = read_question({"q": "x", "from": "2026-02-08", "to": "2026-02-08"}, SECTIONS)

    assert question.since == datetime(2026, 2, 8, tzinfo=UTC)
    assert question.until == datetime(2026, 2, 9, tzinfo=UTC)
    assert read_question({"q": "x", "to": "2026-02-08T10:00:00+02:00"}, SECTIONS).until == datetime(
        2026, 2, 8, 8, 0, 0, 1000, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({}, "?q"),
        ({"q": "  "}, "?q"),
        ({"q": "x" * 10_000}, "?q"),
        ({"q": "a\x00b"}, "?q"),
        ({"q": "a\nb"}, "?q"),
        ({"q": "a \ud800"}, "?q"),
        ({"q": "a " * (MOST_WORDS + 1)}, "?q"),
        ({"q": "x", "section": "moon"}, "?section"),
        ({"q": "x", "from": "yesterday"}, "?from"),
        ({"q": "x", "from": "2026-02-30"}, "?from"),
        ({"q": "x", "to": "2026-02-08T10:00:00"}, "?to"),
        ({"q": "x", "to": "9999-12-31"}, "?to"),
        ({"q": "x", "form": "2026-02-08"}, "?form"),
    ],
)
def test_what_is_wrong_is_named(query: dict[str, str], pointer: str) -> None:
    with pytest.raises(Problem) as caught:
        read_question(query, SECTIONS)

    assert caught.value.status == 422
    assert [error.pointer for error in caught.value.errors] == [pointer]


def test_a_cursor_leads_on_for_its_own_question_only() -> None:
    query = {"q": "salt", "section": "world"}
    cursor = next_cursor(query, 20, total=50)

    assert cursor is not None
    assert read_offset({**query, "cursor": cursor}) == 20
    for stranger in ({"q": "sand", "cursor": cursor}, {"q": "salt", "cursor": "bm8"}, {"q": "salt", "cursor": "é"}):
        with pytest.raises(Problem) as caught:
            read_offset(stranger)
        assert caught.value.status == 400
    assert next_cursor(query, 50, total=50) is None


@given(st.text(max_size=200))
def test_no_text_breaks_a_query(text: str) -> None:
    question = parse(text)

    assert isinstance(queries.strict(SCHEMA, question), Query)
    assert isinstance(queries.forgiving(SCHEMA, question), Query)


@given(st.dictionaries(st.sampled_from(["q", "section", "from", "to", "cursor", "x"]), st.text(max_size=40)))
def test_any_query_is_a_question_or_a_problem_of_the_clients(query: dict[str, str]) -> None:
    answers = []
    for read in (lambda: read_question(query, SECTIONS), lambda: read_offset(query)):
        try:
            answers.append(read())
        except Problem as problem:
            answers.append(problem.status)

    assert isinstance(answers[0], Question) or answers[0] == 422
    assert answers[1] in (0, 400)


def test_newer_weighs_more_and_a_year_is_no_abyss() -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)

    assert recency(moment) > recency(moment - timedelta(minutes=10))
    assert 0.8 < recency(moment - timedelta(days=365)) / recency(moment) < 0.95

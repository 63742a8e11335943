"""Questions: how a query is read, and the problems of a wrong one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tantivy import Query

from services.search import queries
from services.search.analysis import Term
from services.search.rules import MOST_WORDS, Question, next_cursor, parse, read_offset, read_question
from services.search.store import make_schema, recency
from services.search.unspaced import Run
from shared.errors import Problem

SECTIONS = frozenset({"world", "africa"})
SCHEMA = make_schema()


def _texts(terms: Sequence[Term]) -> list[str]:
    return ["".join(term.characters) if isinstance(term, Run) else term.form for term in terms]


def test_question_holds_words_phrases_and_an_unfinished_word() -> None:
    question = parse('salt "the evening tide" harb')

    assert _texts(question.terms) == ["salt", "harb"]
    assert [_texts(phrase) for phrase in question.phrases] == [["the", "evening", "tide"]]
    assert question.typing


def test_unspaced_runs_are_terms_of_a_question_and_of_its_phrases() -> None:
    question = parse('Shanghai上海 "東京タワー" 夜')

    assert _texts(question.terms) == ["shanghai", "上海", "夜"]
    assert [_texts(phrase) for phrase in question.phrases] == [["東京タワー"]]
    assert question.typing


def test_unspaced_run_counts_as_one_word_of_the_limit() -> None:
    assert read_question({"q": "上海市" * 60}, SECTIONS).terms


@pytest.mark.parametrize("text", ["harbour ", '"harbour"', 'harbour "at night', '"at night" '])
def test_closed_word_is_finished(text: str) -> None:
    assert not parse(text).typing


def test_day_limit_is_a_whole_day_and_moment_a_millisecond() -> None:
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
def test_wrong_parameter_is_named(query: dict[str, str], pointer: str) -> None:
    with pytest.raises(Problem) as caught:
        read_question(query, SECTIONS)

    assert caught.value.status == 422
    assert [error.pointer for error in caught.value.errors] == [pointer]


def test_cursor_is_valid_for_its_own_question_only() -> None:
    query = {"q": "salt", "section": "world"}
    cursor = next_cursor(query, 20, total=50)

    assert cursor is not None
    assert read_offset({**query, "cursor": cursor}) == 20
    for foreign in ({"q": "sand", "cursor": cursor}, {"q": "salt", "cursor": "bm8"}, {"q": "salt", "cursor": "é"}):
        with pytest.raises(Problem) as caught:
            read_offset(foreign)
        assert caught.value.status == 400
    assert next_cursor(query, 50, total=50) is None


@given(st.text(max_size=200) | st.text(alphabet='海2a "ที서', max_size=20))
def test_any_text_becomes_a_query(text: str) -> None:
    question = parse(text)

    assert isinstance(queries.strict(SCHEMA, question), Query)
    assert isinstance(queries.forgiving(SCHEMA, question), Query)


@given(st.dictionaries(st.sampled_from(["q", "section", "from", "to", "cursor", "x"]), st.text(max_size=40)))
def test_any_request_is_a_question_or_a_client_problem(query: dict[str, str]) -> None:
    answers = []
    for read in (lambda: read_question(query, SECTIONS), lambda: read_offset(query)):
        try:
            answers.append(read())
        except Problem as problem:
            answers.append(problem.status)

    assert isinstance(answers[0], Question) or answers[0] == 422
    assert answers[1] in (0, 400)


def test_newer_article_weighs_more_and_a_year_costs_little() -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)

    assert recency(moment) > recency(moment - timedelta(minutes=10))
    assert 0.8 < recency(moment - timedelta(days=365)) / recency(moment) < 0.95

"""Questions as tantivy's queries, built as objects: a reader's text never reaches a query parser."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from tantivy import FieldType, Occur, Query, Schema

from services.search.analysis import Term, Word
from services.search.rules import Question
from services.search.unspaced import Run

# Fields of stems and of pairs, with positions, and the weight of a word there. `labels` are tags and bylines.
STEMS = {"headline": 4.0, "labels": 3.0, "standfirst": 2.0, "body": 1.0}
# Fields of forms, without positions: all words of an article, and those of its headline and labels alone.
FORMS = "forms"
NAMES = "names"
_BEGUN_IN_NAMES = 3.0
_BEGUN_ANYWHERE = 0.5
_CHARACTER_IN_NAMES = 4.0
_CHARACTER_ANYWHERE = 1.0
_MISSPELT_IN_NAMES = 1.0
_MISSPELT_ANYWHERE = 0.3
# A shorter beginning fits half of all words: it is searched in headlines and labels alone.
_SHORTEST_BEGINNING = 3
SHORTEST_MISSPELT = 4
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, as the index keeps a moment. Tantivy's own dates have whole seconds and begin in 1678."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def strict(schema: Schema, question: Question) -> Query:
    """Every word in any inflection, every unspaced run and every phrase; the last term may be unfinished."""
    return _all(schema, question, _alternatives)


def forgiving(schema: Schema, question: Question) -> Query:
    """The same, but a longer word may have one letter wrong, missing, surplus or swapped."""
    return _all(schema, question, _misspelt)


def can_be_misspelt(question: Question) -> bool:
    """Whether the forgiving query can find more than the strict one."""
    return any(isinstance(term, Word) and len(term.form) >= SHORTEST_MISSPELT for term in question.terms)


def _all(schema: Schema, question: Question, find: Callable[[Schema, Term, bool], list[Query]]) -> Query:
    last = len(question.terms) - 1
    wanted = [_any(find(schema, term, question.typing and place == last)) for place, term in enumerate(question.terms)]
    for phrase in question.phrases:
        wanted += _phrase(schema, phrase)
    return Query.boolean_query([(Occur.Must, part) for part in (*wanted, *_filters(schema, question))])


def _filters(schema: Schema, question: Question) -> list[Query]:
    filters = []
    if question.section is not None:
        filters.append(Query.term_query(schema, "section", question.section, "basic"))
    if question.since is not None or question.until is not None:
        since = None if question.since is None else milliseconds(question.since)
        until = None if question.until is None else milliseconds(question.until)
        filters.append(
            # Tantivy refuses to exclude an end that is None.
            Query.range_query(schema, "published_at", FieldType.Integer, since, until, include_upper=until is None)
        )
    return [Query.const_score_query(query, 0.0) for query in filters]


def _any(alternatives: Sequence[Query]) -> Query:
    return Query.boolean_query([(Occur.Should, alternative) for alternative in alternatives])


def _alternatives(schema: Schema, term: Term, typing: bool) -> list[Query]:
    if isinstance(term, Run):
        return _character(schema, term, typing) if term.is_single else _run(schema, term, typing)
    found = _in_order(schema, [term.stem])
    if typing:
        found += _begun(schema, term.form)
    return found


def _run(schema: Schema, run: Run, typing: bool) -> list[Query]:
    """All pairs side by side. While the reader types, the last character may get more marks."""
    found = _in_order(schema, run.pairs)
    if typing:
        for field in STEMS:
            weight = _BEGUN_IN_NAMES if field in ("headline", "labels") else _BEGUN_ANYWHERE
            begun = Query.phrase_prefix_query(schema, field, list(run.pairs))
            found.append(Query.const_score_query(begun, weight))
    return found


def _character(schema: Schema, run: Run, typing: bool = False) -> list[Query]:
    (character,) = run.characters
    found = [
        Query.const_score_query(Query.term_query(schema, field, character, "basic"), weight)
        for field, weight in ((NAMES, _CHARACTER_IN_NAMES), (FORMS, _CHARACTER_ANYWHERE))
    ]
    return found + _begun(schema, character) if typing else found


def _begun(schema: Schema, form: str) -> list[Query]:
    fields = [(NAMES, _BEGUN_IN_NAMES)]
    if len(form) >= _SHORTEST_BEGINNING:
        fields.append((FORMS, _BEGUN_ANYWHERE))
    return [
        Query.const_score_query(Query.phrase_prefix_query(schema, field, [form]), weight) for field, weight in fields
    ]


def _misspelt(schema: Schema, term: Term, typing: bool) -> list[Query]:
    found = _alternatives(schema, term, typing)
    if isinstance(term, Word) and len(term.form) >= SHORTEST_MISSPELT:
        for field, weight in ((NAMES, _MISSPELT_IN_NAMES), (FORMS, _MISSPELT_ANYWHERE)):
            near = Query.fuzzy_term_query(schema, field, term.form, distance=1, prefix=typing)
            found.append(Query.const_score_query(near, weight))
    return found


def _phrase(schema: Schema, phrase: Sequence[Term]) -> list[Query]:
    """The terms in this order; a single word in exactly this form.

    A single character at an edge of a longer phrase is part of an unknown pair in the text ("海2026" in 上海2026), so it has
    no position of its own: it is required anywhere in the article.
    """
    side_by_side, anywhere = list(phrase), []
    for edge in (0, -1):
        term = side_by_side[edge]
        if isinstance(term, Run) and term.is_single:
            anywhere.append(_any(_character(schema, term)))
            del side_by_side[edge]
        if not side_by_side:
            return anywhere
    if len(phrase) == 1 and isinstance(phrase[0], Word):
        return [Query.term_query(schema, FORMS, phrase[0].form, "basic")]
    listed = [part for term in side_by_side for part in (term.pairs if isinstance(term, Run) else [term.stem])]
    return [_any(_in_order(schema, listed)), *anywhere]


def _in_order(schema: Schema, listed: Sequence[str]) -> list[Query]:
    """These terms side by side, in each field with positions."""
    return [
        Query.boost_query(
            Query.phrase_query(schema, field, list(listed))
            if len(listed) > 1
            else Query.term_query(schema, field, listed[0], "freq"),
            weight,
        )
        for field, weight in STEMS.items()
    ]

"""Questions as tantivy's queries. They are built as objects: no text of a reader's ever meets a query parser."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tantivy import FieldType, Occur, Query, Schema

from services.search.analysis import Word
from services.search.rules import Question

# Fields of stems with positions, and how much a word weighs there. `labels` are tags and bylines.
STEMS = {"headline": 4.0, "labels": 3.0, "standfirst": 2.0, "body": 1.0}
# Fields of forms: all words of an article, and those of its headline and labels alone.
FORMS = "forms"
NAMES = "names"
_BEGUN_IN_NAMES = 3.0
_BEGUN_ANYWHERE = 0.5
_MISSPELT_IN_NAMES = 1.0
_MISSPELT_ANYWHERE = 0.3
# A beginning this short fits half of all words: it is looked for in headlines and labels alone.
_SHORTEST_BEGINNING = 3
SHORTEST_MISSPELT = 4
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    """The moment as the index keeps it, counted from 1970. A date of tantivy's own has whole seconds and begins in 1678."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def strict(schema: Schema, question: Question) -> Query:
    """Every word in one of its inflections, the last one also begun, and every phrase."""
    return _all(schema, question, [_word(schema, *item) for item in _with_typing(question)])


def forgiving(schema: Schema, question: Question) -> Query:
    """The same, and in longer words one letter may be wrong, missing, too many, or have changed places."""
    return _all(schema, question, [_misspelt(schema, *item) for item in _with_typing(question)])


def can_be_misspelt(question: Question) -> bool:
    """Whether the forgiving query could find what the strict one does not."""
    return any(len(word.form) >= SHORTEST_MISSPELT for word in question.words)


def _with_typing(question: Question) -> list[tuple[Word, bool]]:
    last = len(question.words) - 1
    return [(word, question.typing and place == last) for place, word in enumerate(question.words)]


def _all(schema: Schema, question: Question, wanted: Sequence[Query]) -> Query:
    phrases = [_phrase(schema, phrase) for phrase in question.phrases]
    return Query.boolean_query([(Occur.Must, part) for part in (*wanted, *phrases, *_filters(schema, question))])


def _filters(schema: Schema, question: Question) -> list[Query]:
    filters = []
    if question.section is not None:
        filters.append(Query.term_query(schema, "section", question.section, "basic"))
    if question.since is not None or question.until is not None:
        since = None if question.since is None else milliseconds(question.since)
        until = None if question.until is None else milliseconds(question.until)
        filters.append(
            # tantivy refuses to leave out an end that there is not.
            Query.range_query(schema, "published_at", FieldType.Integer, since, until, include_upper=until is None)
        )
    return [Query.const_score_query(query, 0.0) for query in filters]


def _any(alternatives: Sequence[Query]) -> Query:
    return Query.boolean_query([(Occur.Should, alternative) for alternative in alternatives])


def _word(schema: Schema, word: Word, typing: bool) -> Query:
    return _any(_alternatives(schema, word, typing))


def _alternatives(schema: Schema, word: Word, typing: bool) -> list[Query]:
    found = [
        Query.boost_query(Query.term_query(schema, field, word.stem, "freq"), weight) for field, weight in STEMS.items()
    ]
    if typing:
        found.append(Query.const_score_query(_begun(schema, NAMES, word.form), _BEGUN_IN_NAMES))
        if len(word.form) >= _SHORTEST_BEGINNING:
            found.append(Query.const_score_query(_begun(schema, FORMS, word.form), _BEGUN_ANYWHERE))
    return found


def _begun(schema: Schema, field: str, form: str) -> Query:
    return Query.phrase_prefix_query(schema, field, [form])


def _misspelt(schema: Schema, word: Word, typing: bool) -> Query:
    found = _alternatives(schema, word, typing)
    if len(word.form) >= SHORTEST_MISSPELT:
        for field, weight in ((NAMES, _MISSPELT_IN_NAMES), (FORMS, _MISSPELT_ANYWHERE)):
            near = Query.fuzzy_term_query(schema, field, word.form, distance=1, prefix=typing)
            found.append(Query.const_score_query(near, weight))
    return _any(found)


def _phrase(schema: Schema, phrase: Sequence[Word]) -> Query:
    """The words in this order; a single word in just this form."""
    if len(phrase) == 1:
        return Query.term_query(schema, FORMS, phrase[0].form, "basic")
    stems: list[str | tuple[int, str]] = [word.stem for word in phrase]
    return _any(
        [Query.boost_query(Query.phrase_query(schema, field, stems), weight) for field, weight in STEMS.items()]
    )

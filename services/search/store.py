"""The index on disk, with articles, the site's own pages and the position in the log. No other file knows its fields.

The position is a document of the index, so that one commit writes both and a crash cannot part them. A withdrawn article
leaves a marker with its version, so that an older state that arrives later does not restore it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from tantivy import (
    Document,
    Filter,
    Index,
    IndexWriter,
    Query,
    Schema,
    SchemaBuilder,
    Searcher,
    TextAnalyzerBuilder,
    Tokenizer,
)

from services.search import queries
from services.search.analysis import FORMS, STEMS, single_characters, text_of, written
from services.search.rules import Question
from services.search.snippets import Matcher, snippet_html
from shared.errors import Unavailable
from shared.events import ArticleState, Erased
from shared.site.pages import OwnPage
from shared.times import rfc3339

# Raised when fields or analysis change. An index of another format is discarded and built anew.
FORMAT = 3
_WRITER_BYTES = 64 * 1024 * 1024
_TERMS = "terms"
_PLACE = "place"
_PAGE = "page"
_ARTICLE = "article"

# Newer articles rank before equal ones: a score halves in five years. The factor depends on the date alone, so it is never
# computed again (forward decay, Cormode et al., ICDE 2009). Tantivy multiplies by log2(2 + field).
_HALVES_IN_S = 5 * 365.25 * 86400
_FROM_S = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
_MOST = 1000.0
# The site's own pages have no date: they weigh as an article of this day.
_OWN_PAGES_AS_OF = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LogPosition:
    """The position of an index: its log, and the next offset of each partition of articles.v1."""

    log: str = ""
    positions: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results as JSON-ready items, and the number of all results."""

    total: int
    items: list[dict[str, object]]


def recency(published_at: datetime) -> float:
    """The factor of a score."""
    return float(min(_MOST, max(1.0, 2 ** ((published_at.timestamp() - _FROM_S) / _HALVES_IN_S))))


def _weight(published_at: datetime) -> float:
    return float(2 ** recency(published_at) - 2)


def make_schema() -> Schema:
    """The fields. `analysis` gives their words, joined by spaces."""
    builder = SchemaBuilder()
    builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("kind", tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("version", fast=True)
    for name in queries.STEMS:
        builder.add_text_field(name, tokenizer_name=_TERMS, index_option="position")
    for name in (queries.NAMES, queries.FORMS):
        builder.add_text_field(name, tokenizer_name=_TERMS, index_option="basic")
    builder.add_text_field("section", tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("published_at", indexed=True, fast=True)
    builder.add_float_field("weight", fast=True)
    builder.add_bytes_field("shown", stored=True)
    return builder.build()


class SearchIndex:
    """One index in one folder. Searches may come from any thread; changes from one thread at a time.

    To open a broken index or one of another format raises ValueError. `write` raises Unavailable while another process holds
    the write lock.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._schema = make_schema()
        self._index = Index(self._schema, path=str(folder))
        terms = TextAnalyzerBuilder(Tokenizer.whitespace()).filter(Filter.remove_long(255)).build()
        self._index.register_tokenizer(_TERMS, terms)
        self._index.config_reader("manual", 0)
        self._index.reload()
        self._writer: IndexWriter | None = None
        self._fresh: dict[str, int] = {}
        self.uncommitted = 0
        self.position = self._read_position()

    def write(self) -> None:
        """Take the write lock."""
        try:
            self._writer = self._index.writer(_WRITER_BYTES, 1)
        except ValueError as error:
            raise Unavailable(f"the index is being written by another process: {error}") from error

    def apply(self, events: Iterable[ArticleState | Erased]) -> int:
        """Add the states that are newer than the known ones; returns their number. Searches see them after a commit."""
        newest: dict[str, ArticleState | Erased] = {}
        for event in events:
            known = newest.get(event.id)
            newer = not isinstance(known, ArticleState) or isinstance(event, Erased) or event.version > known.version
            if newer:
                newest[event.id] = event
        taken = [event for event in newest.values() if self._is_newer(event)]
        for event in taken:
            self._put(event)
        return len(taken)

    def _is_newer(self, event: ArticleState | Erased) -> bool:
        return isinstance(event, Erased) or event.version > self.version(event.id)

    def _put(self, event: ArticleState | Erased) -> None:
        writer = self._open_writer()
        writer.delete_documents_by_term("id", event.id)
        self.uncommitted += 1
        if isinstance(event, Erased):
            self._fresh[event.id] = 0
            return
        self._fresh[event.id] = event.version
        writer.add_document(_article(event) if event.status == "published" else _marker(event))

    def replace_pages(self, pages: Iterable[OwnPage]) -> None:
        """Replace the site's own pages."""
        writer = self._open_writer()
        writer.delete_documents_by_term("kind", _PAGE)
        for page in pages:
            writer.add_document(_own_page(page))
        self.uncommitted += 1

    def version(self, article_id: str) -> int:
        """The known version of an article; 0 if it is unknown."""
        fresh = self._fresh.get(article_id)
        if fresh is not None:
            return fresh
        searcher = self._index.searcher()
        hits = searcher.search(Query.term_query(self._schema, "id", article_id, "basic"), 1, count=False).hits
        return int(searcher.fast_field_values("version", [hits[0][1]])[0] or 0) if hits else 0

    def commit(self, position: LogPosition) -> None:
        """Make all changes durable and visible, together with the position in the log."""
        writer = self._open_writer()
        writer.delete_documents_by_term("id", _PLACE)
        known = {
            "format": FORMAT,
            "log": position.log,
            "positions": {str(n): at for n, at in position.positions.items()},
        }
        writer.add_document(Document(id=[_PLACE], kind=[_PLACE], shown=[orjson.dumps(known)]))
        writer.commit()
        self._index.reload()
        self._fresh.clear()
        self.uncommitted = 0
        self.position = position

    def close(self) -> None:
        """Release the write lock and discard uncommitted changes."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.rollback()
            writer.wait_merging_threads()

    @property
    def size(self) -> int:
        """The number of documents."""
        return self._index.searcher().num_docs

    def search(self, question: Question, offset: int, limit: int) -> Found:
        """The results, best first. If there are none, words are searched again as if they were misspelt."""
        found = self.search_strictly(question, offset, limit)
        return self.search_forgivingly(question, offset, limit) if self.may_forgive(question, found) else found

    @staticmethod
    def may_forgive(question: Question, found: Found) -> bool:
        """Whether a question is to be searched again as if its words were misspelt."""
        return not found.total and queries.can_be_misspelt(question)

    def search_strictly(self, question: Question, offset: int, limit: int) -> Found:
        """The results with every word as it is written, best first."""
        if question.is_empty:
            return Found(0, [])
        return self._search(question, queries.strict(self._schema, question), offset, limit, forgiving=False)

    def search_forgivingly(self, question: Question, offset: int, limit: int) -> Found:
        """The results where longer words may have one wrong letter, best first. Several times the work of a strict search."""
        return self._search(question, queries.forgiving(self._schema, question), offset, limit, forgiving=True)

    def _search(self, question: Question, query: Query, offset: int, limit: int, *, forgiving: bool) -> Found:
        searcher = self._index.searcher()
        result = searcher.search(query, limit, offset=offset, weight_by_field="weight")
        matcher = Matcher(question, forgiving=forgiving)
        total: int = result.count  # type: ignore[attr-defined]  # tantivy's stub leaves it out
        return Found(total, [_item(searcher, address, matcher) for _, address in result.hits])

    def _read_position(self) -> LogPosition:
        searcher = self._index.searcher()
        hits = searcher.search(Query.term_query(self._schema, "id", _PLACE, "basic"), 1, count=False).hits
        if not hits:
            if searcher.num_docs:
                raise ValueError("the index has no position")
            return LogPosition()
        known = _shown(searcher, hits[0][1])
        if known["format"] != FORMAT:
            raise ValueError(f"the index has format {known['format']}, not {FORMAT}")
        return LogPosition(known["log"], {int(number): at for number, at in known["positions"].items()})

    def _open_writer(self) -> IndexWriter:
        assert self._writer is not None, "write() must be called before changes"
        return self._writer


def _shown(searcher: Searcher, address: Any) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(searcher.doc(address).get_first("shown") or b"{}")
    return found


def _item(searcher: Searcher, address: Any, matcher: Matcher) -> dict[str, object]:
    shown = _shown(searcher, address)
    text = shown.pop("text")
    return {**shown, "snippet_html": snippet_html(text, matcher)}


def _article(article: ArticleState) -> Document:
    text = text_of(article.body_html)
    shown = {
        "article_id": article.id, "headline": article.headline, "url": article.url, "section": article.section,
        "published_at": rfc3339(article.published_at), "language": article.language,
        "text": f"{article.standfirst} {text}".strip(),
    }  # fmt: skip
    return Document(
        id=[article.id], kind=[_ARTICLE], version=[article.version], section=[article.section],
        published_at=[queries.milliseconds(article.published_at)], weight=[_weight(article.published_at)],
        shown=[orjson.dumps(shown)],
        **_texts(article.headline, " ; ".join((*article.tags, *article.bylines)), article.standfirst, text),
    )  # fmt: skip


def _marker(article: ArticleState) -> Document:
    """The rest of a withdrawn article: its version, and no words."""
    return Document(id=[article.id], kind=[_ARTICLE], version=[article.version])


def _own_page(page: OwnPage) -> Document:
    text = text_of(page.body_html)
    shown = {
        "article_id": None, "headline": page.title, "url": page.path, "section": None, "published_at": None,
        "language": None, "text": text,
    }  # fmt: skip
    return Document(
        id=[f"page {page.path}"], kind=[_PAGE], weight=[_weight(_OWN_PAGES_AS_OF)], shown=[orjson.dumps(shown)],
        **_texts(page.title, "", "", text),
    )  # fmt: skip


def _texts(headline: str, labels: str, standfirst: str, body: str) -> dict[str, list[str]]:
    """The fields of words: stems and pairs by their place in the article; forms and single characters of all."""
    texts = (headline, labels, standfirst, body)
    found = list(map(written, texts))
    characters = list(map(single_characters, texts))
    named = set(map(FORMS.__getitem__, found[0] + found[1])).union(*characters[:2])
    everywhere = named.union(map(FORMS.__getitem__, {*found[2], *found[3]}), *characters[2:])
    return {
        **{name: [" ".join(map(STEMS.__getitem__, list_))] for name, list_ in zip(queries.STEMS, found, strict=True)},
        queries.NAMES: [" ".join(named)],
        queries.FORMS: [" ".join(everywhere)],
    }

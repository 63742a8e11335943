"""The list in memory, against a plain reading of the same rows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.ingestion.articles.list_table import ListRow, ListTable
from services.ingestion.articles.records import Filters
from tests.support.drafts import NOON, after

ROW = ListRow(
    article_id="a",
    number=1,
    version=1,
    status="draft",
    section="world",
    language="en",
    headline="Ferry fares",
    text="ferry fares\nfrom march on",
    tags=(),
    bylines=(),
    author_ids=(),
    is_changed=False,
    is_submitted=False,
    scheduled_for=None,
    published_at=None,
    embargo_until=None,
)


def row(number: int, **fields: object) -> ListRow:
    return replace(ROW, number=number, article_id=f"a{number:03}", **fields)  # type: ignore[arg-type]


def table(*rows: ListRow) -> ListTable:
    filled = ListTable()
    for one in rows:
        filled.put(one)
    return filled


ROWS = st.builds(
    row,
    st.integers(1, 30),
    version=st.integers(1, 3),
    status=st.sampled_from(["draft", "published"]),
    section=st.sampled_from(["world", "africa"]),
    tags=st.lists(st.sampled_from(["Harbours", "harbours", "Fares"]), max_size=2).map(tuple),
    is_changed=st.booleans(),
    text=st.sampled_from(["ferry fares", "storm at sea", "ferry in a storm"]),
)
FILTERS = st.builds(
    Filters,
    st.lists(
        st.sampled_from(
            [("status", "draft"), ("section", "africa"), ("tag", "harbours"), ("changed", "true"), ("tag", "x")]
        ),
        max_size=3,
    ).map(tuple),
    st.lists(st.sampled_from(["ferry", "storm"]), max_size=2).map(tuple),
)


def passes(one: ListRow, filters: Filters) -> bool:
    return set(filters.keys) <= set(one.keys) and all(word in one.text for word in filters.words)


@given(st.lists(ROWS, max_size=40), FILTERS, st.integers(1, 5))
def test_pages_hold_every_row_that_passes_once_newest_first(rows: list[ListRow], filters: Filters, limit: int) -> None:
    newest: dict[int, ListRow] = {}
    for one in rows:
        if one.number not in newest or newest[one.number].version < one.version:
            newest[one.number] = one
    filled = table(*rows)

    def pages() -> Iterator[ListRow]:
        before: int | None = None
        while True:
            found, before = filled.page(filters, before, limit)
            assert len(found) == limit or before is None
            yield from found
            if before is None:
                return

    wanted = [newest[number] for number in sorted(newest, reverse=True) if passes(newest[number], filters)]
    assert list(pages()) == wanted
    assert filled.count("status", "draft") == sum(one.status == "draft" for one in newest.values())
    assert len(filled) == len(newest)


def test_older_version_of_a_row_changes_nothing() -> None:
    filled = table(row(1, version=2, status="published"), row(1, version=1, status="draft"))

    assert (filled.count("status", "published"), filled.count("status", "draft")) == (1, 0)


def test_scheduled_rows_come_next_first_in_pages() -> None:
    filled = table(
        *(row(n, scheduled_for=after(minutes)) for n, minutes in enumerate([5, 3, 4, 3], start=1)),
        row(9, section="africa"),
    )

    first, place = filled.scheduled(Filters(), None, 2)
    second, end = filled.scheduled(Filters(), place, 2)

    assert [one.number for one in (*first, *second)] == [2, 4, 3, 1]
    assert end is None
    assert filled.scheduled(Filters((("section", "africa"),)), None, 2) == ([], None)
    assert filled.next_scheduled() == after(3)
    assert filled.overdue(after(4)) == 2


def test_terms_are_ranked_by_use_and_found_by_the_beginning_of_a_word() -> None:
    filled = table(
        row(1, tags=("Red Sea", "harbours")),
        row(2, tags=("Harbours",), section="africa"),
        row(3, tags=("Season",)),
        row(4, bylines=("Ines Halloran",)),
    )

    assert filled.terms("tags", "", None, 20) == ["Harbours", "Red Sea", "Season"]
    assert filled.terms("tags", "SEA", None, 20) == ["Red Sea", "Season"]
    assert filled.terms("tags", "", "africa", 20) == ["Harbours"]
    assert filled.terms("tags", "", "nowhere", 20) == []
    assert filled.terms("tags", "", None, 1) == ["Harbours"]
    assert filled.terms("bylines", "hallo", None, 20) == ["Ines Halloran"]
    filled.put(row(3, version=2))
    assert filled.terms("tags", "season", None, 20) == []


def test_calendar_has_each_row_once_by_its_first_time_within() -> None:
    filled = table(
        row(1, published_at=after(50), embargo_until=after(10)),
        row(2, scheduled_for=after(20)),
        row(3, published_at=after(60)),
        row(4),
    )

    assert [one.number for one in filled.between(NOON, after(60))] == [1, 2]
    assert [one.number for one in filled.between(after(15), after(61))] == [2, 1, 3]
    assert filled.between(NOON - timedelta(days=1), NOON) == []

"""Lists read page by page in each order, while comments and votes arrive: against a model that sorts everything."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.comments.model.records import IndexEntry, PastVotes, VoteCount
from services.comments.model.rules import Sort
from services.comments.reading import best_order
from services.comments.reading.discussion_index import DiscussionIndex
from services.comments.reading.ranking import RankKey, rank_key, votes_at, with_count

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["vote", "vote", "add", "hide", "show"]),
        st.integers(0, 99),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    max_size=8,
)
"""A change between two pages: its kind, the comment, and the counts of a vote."""


@dataclass
class Model:
    """All top comments of a discussion, and the index that follows them."""

    entries: dict[str, IndexEntry] = field(default_factory=dict)
    number: int = 0
    index: DiscussionIndex = field(default_factory=DiscussionIndex)

    def change(self, kind: str, which: int, up: int, down: int) -> None:
        """One change, as the index of any instance gets it."""
        if kind == "add" or not self.entries:
            comment_id = f"{len(self.entries):03d}"
            self.put(IndexEntry(comment_id, comment_id, None, True))
            return
        entry = list(self.entries.values())[which % len(self.entries)]
        if kind == "vote":
            self.number += 1
            past = with_count(entry.past_votes, PastVotes(self.number, self.number // 20, up, down))
            self.put(replace(entry, past_votes=past))
        else:
            self.put(replace(entry, is_published=kind == "show"))

    def put(self, entry: IndexEntry) -> None:
        """Store a comment's new state."""
        self.entries[entry.id] = entry
        self.index.put(entry)

    def published(self) -> set[str]:
        """The comments that readers see now."""
        return {entry.id for entry in self.entries.values() if entry.is_published}

    def order(self, number: int) -> list[str]:
        """All comments, sorted by their votes at a moment."""
        return sorted(self.entries, key=lambda one: rank_key(votes_at(self.entries[one].past_votes, number), one))


@dataclass
class Reader:
    """Reads a list page by page, with what its cursor holds."""

    model: Model
    sort: Sort | Literal["best"]
    number: int
    last: str | None = None
    after: RankKey | None = None

    def page(self, limit: int) -> tuple[Sequence[str], bool]:
        """The next page, and whether there are more."""
        index = self.model.index
        if self.sort != "best":
            roots, more = index.page(self.sort, self.last, limit)
        else:
            roots, more = index.best_page(self.number, self.after, limit)
        if roots:
            self.last = roots[-1]
            self.after = rank_key(index.votes_at(self.last, self.number), self.last)
        return roots, more

    def order(self) -> list[str]:
        """All comments in the order of the list."""
        by_age = sorted(self.model.entries)
        by_sort = {"oldest": by_age, "newest": by_age[::-1], "best": self.model.order(self.number)}
        return by_sort[self.sort]


@settings(max_examples=300)
@given(
    st.integers(0, 9), CHANGES, st.lists(CHANGES, max_size=12), st.integers(1, 4),
    st.sampled_from(["best", "oldest", "newest"]),
)  # fmt: skip
def test_pages_neither_skip_nor_repeat_while_comments_and_votes_arrive(
    comments: int,
    before: list[tuple[str, int, int, int]],
    between: list[list[tuple[str, int, int, int]]],
    limit: int,
    sort: Literal["oldest", "newest", "best"],
) -> None:
    model = Model()
    for change in (*[("add", 0, 0, 0)] * comments, *before):
        model.change(*change)
    reader, always = Reader(model, sort, model.number), model.published()
    shown: list[str] = []

    more, waiting = True, iter(between)
    while more:
        roots, more = reader.page(limit)
        assert len(roots) <= limit
        shown += roots
        assert len(set(shown)) == len(shown)
        for change in next(waiting, []) if more else []:
            model.change(*change)
            always &= model.published()

    assert always <= set(shown)
    assert shown == [one for one in reader.order() if one in set(shown)]


def test_order_is_votes_then_age_then_votes_against() -> None:
    model = Model()
    for _ in range(5):
        model.change("add", 0, 0, 0)
    for which, up, down in ((4, 9, 1), (1, 1, 0), (2, 0, 3)):
        model.change("vote", which, up, down)

    roots, more = model.index.best_page(model.number, None, 9)

    assert (roots, more) == (["004", "001", "000", "003", "002"], False)
    assert model.index.best_page(0, None, 9)[0] == ["000", "001", "002", "003", "004"]
    assert model.index.votes_at("004", model.number) == VoteCount(9, 1)


def test_order_of_any_moment_ranks_only_what_was_counted_since(monkeypatch: pytest.MonkeyPatch) -> None:
    model, ranked = Model(), list[str]()
    for which in range(200):
        model.change("add", 0, 0, 0)
        model.change("vote", which, which % 7, which % 3)

    def counting(votes: VoteCount, comment_id: str) -> RankKey:
        ranked.append(comment_id)
        return rank_key(votes, comment_id)

    monkeypatch.setattr(best_order, "rank_key", counting)
    pages = {number: model.index.best_page(number, None, 300)[0] for number in (200, 199, 190)}

    assert len(ranked) <= 11
    assert model.index.number_before(5) == 99, "20 counts a minute: those before minute 5"
    assert all(list(page) == model.order(number) for number, page in pages.items())

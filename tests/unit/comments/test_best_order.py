"""The order of votes, page by page, while comments and votes arrive: against a model that sorts everything."""

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from services.comments.model.records import IndexEntry, PastVotes, VoteCount
from services.comments.reading.discussion_index import DiscussionIndex
from services.comments.reading.ranking import RankKey, rank_key, votes_at, with_count

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["vote", "add", "hide", "show"]), st.integers(0, 99), st.integers(0, 5), st.integers(0, 5)
    ),
    max_size=8,
)
"""What happens between two pages: its kind, the comment, and the counts of a vote."""


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


@settings(max_examples=300)
@given(CHANGES, st.lists(CHANGES, max_size=12), st.integers(1, 4))
def test_pages_neither_skip_nor_repeat_while_comments_and_votes_arrive(
    before: list[tuple[str, int, int, int]], between: list[list[tuple[str, int, int, int]]], limit: int
) -> None:
    model = Model()
    for change in before:
        model.change(*change)
    number, always = model.number, model.published()
    shown: list[str] = []
    after: RankKey | None = None

    more, waiting = True, iter(between)
    while more:
        roots, more = model.index.best_page(number, after, limit)
        assert len(roots) <= limit
        shown += roots
        if roots:
            after = rank_key(model.index.votes_at(roots[-1], number), roots[-1])
        always &= model.published()
        for change in next(waiting, []):
            model.change(*change)
        if more:
            always &= model.published()

    assert len(set(shown)) == len(shown)
    assert always <= set(shown)
    assert shown == [one for one in model.order(number) if one in set(shown)]


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

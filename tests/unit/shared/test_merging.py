"""Three-way merging by paragraph: complete, symmetric, no change lost."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.differences import SEPARATOR
from shared.merging import Chunk, merge, resolve

PARAGRAPHS = st.sampled_from(["Alpha.", "Beta.", "Gamma.", "Delta.", "", "\nBeta.", "Beta. ", "بيتا"])
TEXTS = st.lists(PARAGRAPHS, min_size=1, max_size=12).map(SEPARATOR.join)
BASE = "One.\n\nTwo.\n\nThree.\n\nFour."


@given(TEXTS, TEXTS, TEXTS, st.sampled_from([0, 7, 3_000_000]))
def test_chunks_are_all_three_texts(base: str, mine: str, theirs: str, work: int) -> None:
    chunks = merge(base, mine, theirs, work=work)

    assert SEPARATOR.join(text for chunk in chunks for text in chunk.base) == base
    assert SEPARATOR.join(text for chunk in chunks for text in chunk.mine) == mine
    assert SEPARATOR.join(text for chunk in chunks for text in chunk.theirs) == theirs
    pairs = pairwise(chunks)
    assert all(one.kind != other.kind or one.kind == "conflict" for one, other in pairs)


@given(TEXTS, TEXTS, TEXTS)
def test_sides_are_treated_alike(base: str, mine: str, theirs: str) -> None:
    swapped = [Chunk(chunk.base, chunk.theirs, chunk.mine) for chunk in merge(base, theirs, mine)]

    assert merge(base, mine, theirs) == swapped


@given(TEXTS, TEXTS)
def test_change_of_one_side_is_the_merged_text(base: str, changed: str) -> None:
    mine = resolve(merge(base, changed, base), {})
    theirs = resolve(merge(base, base, changed), {})
    both = resolve(merge(base, changed, changed), {})

    assert both == changed
    for merged in (mine, theirs):
        assert merged is not None
        assert [text.strip() for text in merged.split(SEPARATOR)] == [text.strip() for text in changed.split(SEPARATOR)]


def test_changes_of_different_paragraphs_merge_by_themselves() -> None:
    chunks = merge(BASE, "One, mine.\n\nTwo.\n\nThree.\n\nFour.", "One.\n\nTwo.\n\nThree.\n\nFour, theirs.\n\nFive.")

    assert [chunk.kind for chunk in chunks] == ["mine", "unchanged", "theirs"]
    assert resolve(chunks, {}) == "One, mine.\n\nTwo.\n\nThree.\n\nFour, theirs.\n\nFive."


def test_conflict_is_decided_by_choice() -> None:
    chunks = merge(BASE, "One.\n\nTwo, mine.\n\nThree.\n\nFour.", "One.\n\nTwo, theirs.\n\nThree.\n\nFour.")

    assert [chunk.kind for chunk in chunks] == ["unchanged", "conflict", "unchanged"]
    assert resolve(chunks, {}) is None
    assert resolve(chunks, {1: "mine"}) == "One.\n\nTwo, mine.\n\nThree.\n\nFour."
    assert resolve(chunks, {1: "theirs"}) == "One.\n\nTwo, theirs.\n\nThree.\n\nFour."
    assert resolve(chunks, {1: "both"}) == "One.\n\nTwo, theirs.\n\nTwo, mine.\n\nThree.\n\nFour."


def test_deletion_against_a_change_is_a_conflict() -> None:
    chunks = merge(BASE, "One.\n\nThree.\n\nFour.", "One.\n\nTwo, theirs.\n\nThree.\n\nFour.")

    assert [(chunk.kind, chunk.mine) for chunk in chunks] == [
        ("unchanged", ("One.",)), ("conflict", ()), ("unchanged", ("Three.", "Four.")),
    ]  # fmt: skip

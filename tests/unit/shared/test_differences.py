"""Word differences of two texts: exact, readable in any script, bounded in work."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.differences import SEPARATOR, ParagraphDifference, changes, paragraphs
from shared.word_tokens import split_words

WORDS = st.sampled_from(
    ["a ", "b ", "a", "ferry ", "ferry, ", "\n", "\n\n", "\n\n\n", " ", "سفينة ", "船", "é", "e\u0301"]
)
TEXTS = st.lists(WORDS, max_size=40).map("".join) | st.text(max_size=60)


def text_of(difference: ParagraphDifference, *kinds: str) -> str:
    """The pieces of some kinds, joined."""
    return "".join(piece.text for piece in difference.pieces if piece.kind in kinds)


def marked(differences: Sequence[ParagraphDifference]) -> list[str]:
    """Each paragraph with its changes in brackets."""
    signs = {"same": "{}", "removed": "[-{}-]", "added": "[+{}+]"}
    return ["".join(signs[piece.kind].format(piece.text) for piece in found.pieces) for found in differences]


@given(TEXTS, TEXTS, st.sampled_from([0, 5, 200, 3_000_000]))
def test_pieces_are_both_texts_at_any_budget(old: str, new: str, work: int) -> None:
    found = paragraphs(old, new, work=work)

    assert SEPARATOR.join(each.old for each in found if each.old is not None) == old
    assert SEPARATOR.join(each.new for each in found if each.new is not None) == new
    for each in found:
        assert text_of(each, "same", "removed") == (each.old or "")
        assert text_of(each, "same", "added") == (each.new or "")
        assert all(piece.text for piece in each.pieces)
        assert all(one.kind != other.kind for one, other in zip(each.pieces, each.pieces[1:], strict=False))
    present = [each for each in found if each.new is not None]
    assert [each.new_index for each in present] == list(range(len(present)))


@given(TEXTS)
def test_equal_texts_have_no_difference(text: str) -> None:
    assert {found.kind for found in paragraphs(text, text)} == {"same"}
    assert changes(text, text) == ()


@given(TEXTS)
def test_words_are_the_text(text: str) -> None:
    words = split_words(text)

    assert "".join(words) == text
    assert all(words)


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("The ferry is late.", "The ferry is very late.", ["The ferry is [+very +]late."]),
        ("Fares rise to 5 euros.", "Fares rise to 6 euros.", ["Fares rise to [-5 -][+6 +]euros."]),
        ("One, two here.", "Three, four here.", ["[-One, two -][+Three, four +]here."]),
        ("ذهب الولد إلى المدرسة", "ذهب الولد إلى السوق", ["ذهب الولد إلى [-المدرسة-][+السوق+]"]),
        ("ذَهَبَ الوَلَدُ", "ذَهَبَ الرَّجُلُ", ["ذَهَبَ [-الوَلَدُ-][+الرَّجُلُ+]"]),
        ("東京は大きい", "東京は小さい", ["東京は[-大き-][+小さ+]い"]),
        ("A\n\nB b b\n\nC", "A\n\nC", ["A", "[-B b b-]", "C"]),
        ("A\n\nC", "A\n\nB b b\n\nC", ["A", "[+B b b+]", "C"]),
        ("It is so.", "It  is so.", ["It[- -][+  +]is so."]),
        ("", "New text", ["[+New text+]"]),
    ],
)
def test_difference_reads_well(old: str, new: str, wanted: list[str]) -> None:
    assert marked(paragraphs(old, new)) == wanted


def test_like_paragraphs_are_compared_and_others_are_not() -> None:
    old = "The port opens at nine.\n\nNobody knows why."
    new = "A new one was added before.\n\nThe port opens at ten.\n\nEverything else changed here."

    assert marked(paragraphs(old, new)) == [
        "[+A new one was added before.+]",
        "The port opens at [-nine-][+ten+].",
        "[-Nobody knows why.-]",
        "[+Everything else changed here.+]",
    ]


def test_readers_see_no_change_of_white_space_alone() -> None:
    assert changes("One.\n\n\n\nTwo. ", "One.\n\nTwo.") == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a b " * 40_000, "b a " * 40_000),
        ("x\n\n" * 60_000, "y\n\n" * 60_000),
        ("\n\n".join(f"p{n % 7}" for n in range(40_000)), "\n\n".join(f"p{n % 5}" for n in range(40_000))),
        (" ".join(f"w{n}" for n in range(30_000)), "\n\n".join(f"w{n}" for n in range(30_000))),
    ],
)
def test_repetitive_text_ends_and_is_deterministic(old: str, new: str) -> None:
    found = paragraphs(old, new)

    assert SEPARATOR.join(each.new for each in found if each.new is not None) == new
    assert found == paragraphs(old, new)

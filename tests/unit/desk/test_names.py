"""Names that look misspelt: near a name in use, but not the same."""

import pytest

from services.desk.articles.names import distance, is_near, near_names

KNOWN = ["Mombasa", "Layla Haddad", "Egypt", "Kenya", "Mohammed bin Salman", "Netanyahu", "القاهرة", "shipping"]


def found(*texts: str, listed: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [(near.written, near.known) for near in near_names(texts, listed, KNOWN)]


@pytest.mark.parametrize(
    ("one", "other", "letters"),
    [("abc", "abc", 0), ("abc", "abd", 1), ("abc", "acb", 1), ("abc", "abcd", 1), ("abc", "xyz", 3), ("", "ab", 2)],
)
def test_distance_counts_changed_letters_and_swaps(one: str, other: str, letters: int) -> None:
    assert distance(one, other, 5) == distance(other, one, 5) == letters


def test_distance_stops_counting_beyond_its_bound() -> None:
    assert distance("aaaaaaaa", "bbbbbbbb", 2) == 3


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("The port of Mombassa is closed", ("Mombassa", "Mombasa")),
        ("said Laila Haddad in Cairo", ("Laila Haddad", "Layla Haddad")),
        ("Mr Netanyhau answered", ("Netanyhau", "Netanyahu")),
        ("met Muhammad bin Salman, who", ("Muhammad bin Salman", "Mohammed bin Salman")),
        ("وصلت إلى القاهرو أمس", ("القاهرو", "القاهرة")),
    ],
)
def test_name_with_a_typing_error_is_found(text: str, near: tuple[str, str]) -> None:
    assert found(text) == [near]


@pytest.mark.parametrize(
    "text",
    [
        "Mombasa, Egypt and Layla Haddad",
        "Kenyan and Egyptian ships",
        "MOMBASA and mombasa",
        "Haddad, Layla",
        "The shopping and shippings of ships",
        "Mombaza and mombaza",
        "",
    ],
)
def test_exact_names_endings_and_common_words_are_not_reported(text: str) -> None:
    assert found(text) == []


def test_tag_with_a_typing_error_is_found_whole() -> None:
    assert found(listed=("Mombassa", "shiping", "Egypt")) == [("Mombassa", "Mombasa"), ("shiping", "shipping")]


def test_name_in_use_is_compared_with_more_used_names_only() -> None:
    known = ["Mombasa", "Mombassa"]

    assert [near.written for near in near_names(["Mombasa or Mombassa"], (), known)] == ["Mombassa"]


def test_similar_short_names_are_different_names() -> None:
    assert not is_near("iran", "iraq")
    assert not is_near("mali", "male")

"""A reader's text for moderators: matches apart, long texts shortened."""

from hypothesis import given
from hypothesis import strategies as st

from services.desk.comments.text import Piece, beginning, pieces


def test_matches_stand_apart_in_any_case_and_the_longest_wins() -> None:
    found = pieces("Cheap PILLS and pills-and-more here", ["pills", "pills-and-more"])

    assert [piece.text for piece in found if piece.is_match] == ["PILLS", "pills-and-more"]
    assert found[0] == Piece("Cheap ")


@given(st.text(), st.lists(st.text(max_size=5)))
def test_pieces_joined_are_the_text(text: str, matches: list[str]) -> None:
    assert "".join(piece.text for piece in pieces(text, matches)) == text


def test_match_everywhere_costs_a_bounded_number_of_pieces() -> None:
    assert len(pieces("a b " * 5_000, ["a"])) < 200


def test_long_text_shows_its_beginning_and_a_short_one_is_whole() -> None:
    assert beginning("Short.\nTwo lines.") == "Short.\nTwo lines."
    assert beginning("x" * 5_000) == "x" * 700
    assert beginning("\n".join("line" for _ in range(300))).count("\n") == 11

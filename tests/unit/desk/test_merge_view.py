"""Two texts of one article: what differs, which side is picked, and that no way out loses a text."""

from collections.abc import Mapping

import pytest

from services.desk.articles.merge_view import Way, merge_view, merged, saves_of

BASE = {
    "headline": "Fares",
    "section": "world",
    "body_markdown": "One.\n\nFirst.\n\nTwo.\n\nSecond.\n\nThree.",
    "slug": "fares",
}
MINE = {**BASE, "body_markdown": "One.\n\nFirst.\n\nTwo, mine.\n\nSecond.\n\nThree, mine."}
THEIRS = {
    **BASE,
    "headline": "Fares rise",
    "body_markdown": "One, theirs.\n\nFirst.\n\nTwo.\n\nSecond.\n\nThree, theirs.",
}


def test_side_that_alone_changed_a_passage_is_picked() -> None:
    view = merge_view(THEIRS, MINE, BASE)

    assert [(field.name, field.picked) for field in view.fields] == [("headline", "theirs")]
    assert [passage.picked for passage in view.passages if passage.kind != "unchanged"] == ["theirs", "mine", ""]


def test_merge_waits_for_a_choice_where_both_changed() -> None:
    view = merge_view(THEIRS, MINE, BASE)

    assert merged(view, {}) is None
    conflict = next(passage.index for passage in view.passages if passage.kind == "conflict")
    text = merged(view, {f"passage-{conflict}": "both"})
    assert text is not None
    assert text["body_markdown"] == "One, theirs.\n\nFirst.\n\nTwo, mine.\n\nSecond.\n\nThree, theirs.\n\nThree, mine."
    assert text["headline"] == "Fares rise"


def test_common_paragraphs_stand_in_for_an_unknown_base() -> None:
    view = merge_view({**BASE, "body_markdown": "One.\n\nTwo."}, {**BASE, "body_markdown": "One.\n\nTwo.\n\nNew."}, {})

    assert [(passage.kind, passage.mine) for passage in view.passages] == [
        ("unchanged", "One.\n\nTwo."),
        ("mine", "New."),
    ]


def test_change_of_one_side_is_asked_without_a_base() -> None:
    view = merge_view({**BASE, "body_markdown": "One.\n\nTwo."}, {**BASE, "body_markdown": "One.\n\nTwo.\n\nNew."}, {})

    assert [passage.picked for passage in view.passages] == ["", ""]
    assert merged(view, {}) is None
    text = merged(view, {"passage-1": "theirs"})
    assert text is not None
    assert text["body_markdown"] == "One.\n\nTwo."


def test_texts_of_a_picture_get_the_address_of_the_other_text() -> None:
    mine = {**MINE, "picture_alt": "A ferry"}
    theirs = {**THEIRS, "picture_url": "/images/ferry.jpg"}

    saves = saves_of("mine", merge_view(theirs, mine, BASE), {}, keeps_theirs=False)

    assert saves is not None
    assert saves[0]["lead_image"] == {"url": "/images/ferry.jpg", "alt": "A ferry", "caption": "", "credit": ""}


@pytest.mark.parametrize(
    ("way", "keeps_theirs", "expected"),
    [
        ("mine", False, [MINE]),
        ("mine", True, [THEIRS, MINE]),
        ("theirs", True, [MINE, THEIRS]),
    ],
)
def test_text_that_is_not_chosen_is_saved_first(
    way: Way, keeps_theirs: bool, expected: list[Mapping[str, str]]
) -> None:
    saves = saves_of(way, merge_view(THEIRS, MINE, BASE), {}, keeps_theirs=keeps_theirs)

    assert saves is not None
    assert [(save["headline"], save["body_markdown"]) for save in saves] == [
        (values["headline"], values["body_markdown"]) for values in expected
    ]


def test_unfinished_text_is_kept_with_the_parts_that_a_save_needs() -> None:
    mine = {"section": "world", "body_markdown": "Only a body."}

    saves = saves_of("theirs", merge_view(THEIRS, mine, {}), {}, keeps_theirs=False)

    assert saves is not None
    assert (saves[0]["headline"], saves[0]["body_markdown"]) == ("Fares rise", "Only a body.")

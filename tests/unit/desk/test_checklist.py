"""The checklist before publishing: each finding by itself, and none for a complete article."""

from collections.abc import Mapping, Sequence

import pytest

from services.desk.articles.checklist import findings_of, media_ids, outline
from services.desk.media.pictures import picture_of
from services.desk.templates import DIRECTORY
from shared.site.words import read_words

COMPLETE: Mapping[str, str] = {
    "headline": "Ferry fares to rise",
    "standfirst": "From March.",
    "section": "world",
    "body_markdown": "They rise in [March](https://x.example/a). ![A ferry](https://x.example/a.jpg)",
    "tags": "Mombasa",
    "picture_url": "https://x.example/b.jpg",
    "picture_alt": "A ferry at night",
}

LIBRARY = {
    "bare": picture_of({"id": "bare", "file_name": "IMG_1.jpg"}),
    "said": picture_of({"id": "said", "alt": "A pier"}),
    "ornament": picture_of({"id": "ornament", "decorative": True}),
    "gone": None,
}


def names(missing: Sequence[str] = (), **changed: str) -> list[tuple[str, str]]:
    values = {**COMPLETE, **changed}
    found = findings_of(values, outline(values["body_markdown"]), ["Mombasa", "Ferries"], missing, LIBRARY)
    return [(one.name, one.place) for one in found]


def test_complete_article_has_no_findings() -> None:
    assert names() == []


@pytest.mark.parametrize(
    ("changed", "finding"),
    [
        ({"headline": "x" * 111}, ("long_headline", "headline")),
        ({"standfirst": " "}, ("no_standfirst", "standfirst")),
        ({"section": ""}, ("no_section", "section")),
        ({"picture_alt": ""}, ("no_alt", "picture_alt")),
        ({"body_markdown": "![](https://x.example/a.jpg)"}, ("no_alt_in_text", "body_markdown")),
        ({"body_markdown": "From Mombassa to *Cairo*"}, ("near_name", "body_markdown")),
        ({"tags": "Mombasa، Feries"}, ("near_name", "tags")),
    ],
)
def test_missing_or_doubtful_part_is_one_finding(changed: Mapping[str, str], finding: tuple[str, str]) -> None:
    assert names(**changed) == [finding]


def test_headline_of_110_characters_and_no_picture_are_fine() -> None:
    assert names(headline="x" * 110, picture_url="", picture_alt="") == []


def test_picture_of_the_library_that_nobody_described_is_named() -> None:
    values = {**COMPLETE, "picture_url": "", "picture_media_id": "bare", "picture_alt": ""}
    body = (
        "![](media:bare) ![](media:said) ![](media:ornament) ![A pier](media:gone) ![](media:late) ![Own](media:bare)"
    )
    text = outline(body)

    found = findings_of({**values, "body_markdown": body}, text, [], [], LIBRARY)

    assert media_ids(values, text) == ["bare", "bare", "said", "ornament", "gone", "late", "bare"]
    assert [(one.name, one.place, one.values["picture"]) for one in found] == [
        ("picture_without_alt", "picture_alt", "IMG_1.jpg"),
        ("picture_without_alt", "body_markdown", "IMG_1.jpg"),
        ("unknown_picture", "body_markdown", "gone"),
    ]


def test_missing_links_are_named_at_their_fields() -> None:
    missing = ["https://x.example/a", "https://x.example/b.jpg"]

    assert names(missing) == [("missing_link", "body_markdown"), ("missing_link", "picture_url")]


def test_outline_has_pictures_and_links_of_every_form() -> None:
    text = outline(
        "See [a](https://x.example/a \"t\"), <https://x.example/b>, https://x.example/c and [a](https://x.example/a).\n\n"
        "> - ![alt *text*](/media/p.jpg)\n\n| [d](/world/d) |\n| --- |\n\n`[no](https://x.example/code)`"
    )  # fmt: skip

    assert text.links == ("https://x.example/a", "https://x.example/b", "https://x.example/c", "/world/d")
    assert text.pictures == [("/media/p.jpg", "alt *text*")]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_finding_has_a_text(language: str) -> None:
    texts = read_words(DIRECTORY / "words" / f"{language}.toml")
    found = {
        "long_headline",
        "no_standfirst",
        "no_section",
        "no_alt",
        "no_alt_in_text",
        "near_name",
        "missing_link",
        "unknown_picture",
        "picture_without_alt",
    }

    assert {f"check.{name}" for name in found} <= texts.keys()

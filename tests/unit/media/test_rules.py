"""Pure decisions of media's api."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.media.api.rules import (
    LONGEST_FILE_NAME,
    is_public_name,
    next_version,
    stamp_in,
    stamp_of,
    tidy_file_name,
    todays_name,
)
from services.media.records import OldStamp, Picture, Uploader, from_document, to_document
from shared.pictures import PictureFacts, all_variants
from shared.times import now

AT = now()
FACTS = PictureFacts(
    id="p", folder="0123456789abcdef", stamp="aaaaaaaa", width=2000, height=1200, original="original-aaaaaaaa.jpg",
    size_bytes=1000,
)  # fmt: skip
PICTURE = Picture(
    id="p", sha256="0123456789abcdef" * 4, file_name="a.jpg", type="image/jpeg", size_bytes=5000, width=2000, height=1200,
    has_alpha=False, facts=FACTS, created_at=AT, updated_at=AT, created_by=Uploader("u", "Ada"), variants="done", tries=2,
)  # fmt: skip


def restamped(picture: Picture, stamp: str) -> Picture:
    return replace(picture, facts=picture.facts.model_copy(update={"stamp": stamp}))


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("lake.jpg", "lake.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\lake.jpg", "lake.jpg"),
        ("la\x00ke\r\n.jpg", "lake.jpg"),
        ("lake\u202egpj.exe", "lakegpj.exe"),
        ("  a \t b.png ", "a b.png"),
        ("cafe\u0301.jpg", "café.jpg"),
        ("صورة.jpg", "صورة.jpg"),
        ("lake\udcff.jpg", "lake.jpg"),
        ("", "picture"),
        ("..", "picture"),
        ("dir/", "picture"),
        ("\u200b\u200b", "picture"),
        ("e" + "\u0301" * 40, "picture"),
    ],
)
def test_file_name_is_tidied_for_display(sent: str, shown: str) -> None:
    assert tidy_file_name(sent) == shown


def test_long_file_name_keeps_its_ending() -> None:
    shown = tidy_file_name("x" * 5000 + ".jpeg")

    assert len(shown) == LONGEST_FILE_NAME
    assert shown.endswith("x.jpeg")


def test_stamp_changes_with_everything_that_changes_the_files() -> None:
    stamps = {
        stamp_of("", "", "", 0.5, 0.5), stamp_of("a", "", "", 0.5, 0.5), stamp_of("", "a", "", 0.5, 0.5),
        stamp_of("", "", "a", 0.5, 0.5), stamp_of("", "", "", 0.4, 0.5), stamp_of("", "", "", 0.5, 0.4),
    }  # fmt: skip

    assert len(stamps) == 6
    assert all(len(stamp) == 8 for stamp in stamps)


def test_new_stamp_queues_variants_and_notes_the_old_one_until_it_returns() -> None:
    later, last = AT + timedelta(minutes=1), AT + timedelta(minutes=2)

    second = next_version(PICTURE, restamped(PICTURE, "bbbbbbbb"), later)
    third = next_version(second, restamped(second, "aaaaaaaa"), last)
    texts = next_version(PICTURE, replace(PICTURE, alt="A lake"), later)

    assert (second.version, second.variants, second.tries, second.is_announced) == (2, "waiting", 0, False)
    assert second.old_stamps == (OldStamp("aaaaaaaa", later),)
    assert third.old_stamps == (OldStamp("bbbbbbbb", last),)
    assert (texts.version, texts.variants, texts.old_stamps) == (2, "done", ())


def test_only_originals_and_variants_are_public() -> None:
    names = [str(variant.name) for variant in all_variants(FACTS)]

    assert all(is_public_name(name) for name in (*names, "original-aaaaaaaa.jpg"))
    assert {stamp_in(name) for name in names} == {"aaaaaaaa"}
    for name in ("upload", "original.jpg", "original-aaaaaaaa.svg", "full-480-AAAAAAAA.jpg", "full-0480-aaaaaaaa.jpg"):
        assert not is_public_name(name)
        assert stamp_in(name) is None


def test_old_name_leads_to_the_present_file_of_the_same_kind() -> None:
    assert todays_name(PICTURE, "original-bbbbbbbb.jpg") == "original-aaaaaaaa.jpg"
    for variant in all_variants(FACTS):
        assert todays_name(PICTURE, str(replace(variant.name, stamp="bbbbbbbb"))) == str(variant.name)
    assert todays_name(PICTURE, "original-bbbbbbbb.png") is None
    assert todays_name(PICTURE, "full-481-bbbbbbbb.avif") is None
    assert todays_name(PICTURE, "upload") is None


def test_picture_survives_its_document() -> None:
    picture = next_version(PICTURE, restamped(PICTURE, "bbbbbbbb"), AT + timedelta(minutes=1))

    document = to_document(picture)

    assert document["sweep_at"] == picture.old_stamps[0].at
    assert from_document(document) == picture

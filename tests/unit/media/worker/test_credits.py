"""Metadata of uploads: credits are kept as tidy text, all else is dropped."""

import pytest
from PIL import Image

from services.media.worker.upload_checker import OriginalTexts
from tests.support.drawn_pictures import drawing, encoded, opened
from tests.support.hostile_pictures import (
    iim_dataset,
    iim_segment,
    jpeg_segment,
    jpeg_with,
    png_chunk,
    png_of_zeros,
    xmp_packet,
    xmp_segment,
)
from tests.support.upload_checks import UploadBench

pytestmark = pytest.mark.asyncio(loop_scope="module")

_ORIENTATION, _GPS, _ARTIST = 0x0112, 0x8825, 0x013B


def credits_of(original: bytes) -> str:
    """The credits in a file's XMP, by another reader; empty without XMP."""
    return str(opened(original).info.get("xmp", b""))


async def test_credits_of_iptc_are_answered_and_written_back(bench: UploadBench) -> None:
    sent = jpeg_with(
        iim_segment(
            iim_dataset(5, b"A lake"),
            iim_dataset(80, "Zoë Adler".encode()),
            iim_dataset(80, b"M. Osei"),
            iim_dataset(110, "Adler/Agência".encode("cp1252")),
            iim_dataset(116, b"(c) 2026 Agency"),
        )
    )

    found, original = await bench.check(sent)

    facts = found.facts
    assert (facts.title, facts.creator) == ("A lake", "Zoë Adler, M. Osei")
    assert (facts.credit, facts.copyright) == ("Adler/Agência", "(c) 2026 Agency")
    again, _ = await bench.check(original)
    assert (again.facts.creator, again.facts.credit, again.facts.copyright) == (
        facts.creator,
        facts.credit,
        facts.copyright,
    )
    assert "Adler/Agência".encode() in original
    assert original.count(b"Photoshop 3.0") == 1


async def test_xmp_counts_before_iptc_and_loses_the_place(bench: UploadBench) -> None:
    properties = (
        "<dc:creator><rdf:Seq><rdf:li>Ada Byrne &amp; Söhne</rdf:li></rdf:Seq></dc:creator>"
        '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© Byrne</rdf:li><rdf:li xml:lang="fr">autre</rdf:li></rdf:Alt>'
        "</dc:rights><exif:GPSLatitude>52,31.2N</exif:GPSLatitude>"
    )

    found, original = await bench.check(jpeg_with(xmp_segment(properties) + iim_segment(iim_dataset(80, b"Ada"))))

    assert (found.facts.creator, found.facts.copyright) == ("Ada Byrne & Söhne", "© Byrne")
    assert b"GPS" not in original
    assert b"52,31" not in original


async def test_exif_is_dropped_and_its_orientation_applied(bench: UploadBench) -> None:
    exif = Image.Exif()
    exif[_ORIENTATION] = 6
    exif[_ARTIST] = "<script>alert(1)</script>"
    exif.get_ifd(_GPS)[2] = (52.0, 31.0, 12.0)

    found, original = await bench.check(encoded(drawing(320, 200), "jpeg", exif=exif))

    image = opened(original)
    assert (found.facts.width, found.facts.height, image.size) == (200, 320, (200, 320))
    assert not image.getexif()
    assert b"script" not in original
    # The red quarter was at the upper left, and is at the upper right after a quarter turn.
    left, right = (image.convert("RGB").getpixel((x, 10)) for x in (10, 190))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[2] > 150 > left[0]
    assert right[0] > 150 > right[2]


async def test_texts_of_the_form_replace_those_of_the_file(bench: UploadBench) -> None:
    sent = jpeg_with(iim_segment(iim_dataset(80, b"Ada"), iim_dataset(110, b"Old agency")))

    found, original = await bench.check(sent, OriginalTexts(credit="New agency"))

    assert found.facts.credit == "Old agency"
    assert b"Old agency" not in original
    assert original.count(b"New agency") == 2, "in IPTC-IIM and in XMP"


async def test_hostile_texts_become_short_plain_lines(bench: UploadBench) -> None:
    hostile = {
        "html": (b"<script>alert(1)</script>", "<script>alert(1)</script>"),
        "control characters and bidi": ("A\x00d\x1ba\u202e\u2066 B\r\nyrne".encode(), "A d a B yrne"),
        "invisible": ("\u200b\u2060 \u00ad".encode(), ""),
        "60 kB": (b"A" * 32_000, "A" * 200),
        "marks": (("a" + "\u0301" * 5000).encode(), ""),
    }
    for name, (value, wanted) in hostile.items():
        found, original = await bench.check(jpeg_with(iim_segment(iim_dataset(80, value))))

        assert found.facts.creator == wanted, name
        assert opened(original).size == (320, 200)
        assert len(original) < 8000


async def test_xmp_of_a_megabyte_or_with_entities_is_not_read(bench: UploadBench) -> None:
    creator = "<dc:creator>%s</dc:creator>"
    large = xmp_packet(creator % ("A" * 1_100_000))
    entities = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>' + xmp_packet(creator % "&b;")
    nested = xmp_packet("<dc:creator>" * 20_000 + "Ada" + "</dc:creator>" * 20_000)
    for packet in (large, entities, nested, b"\xff\xfe<\x00!\x00", b"<x:xmpmeta"):
        text = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)

        found, original = await bench.check(png_of_zeros(8, 8, before=text))

        assert found.facts.creator in ("", "Ada")
        assert len(original) < 5000


async def test_broken_photoshop_blocks_are_ignored(bench: UploadBench) -> None:
    for block in (
        b"",
        b"8BIM",
        b"8BIM\x04\x04\xff",
        b"8BIM\x04\x04\x00\x00\xff\xff\xff\xff\x1c\x02P\xff\xff",
        b"\x1c" * 99,
    ):
        found, _ = await bench.check(jpeg_with(jpeg_segment(0xED, b"Photoshop 3.0\x00" + block)))

        assert found.facts.creator == ""

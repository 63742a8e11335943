"""Hostile files: each is refused with a reason and nothing stored, or becomes a clean picture. The decoder lives on."""

import zlib
from collections.abc import Callable

import pytest

from tests.support.drawn_pictures import KINDS, opened, picture
from tests.support.hostile_pictures import HOSTILE_BYTES, POLYGLOTS, gif_of_frames, png_chunk, png_of_zeros
from tests.support.upload_checks import UploadBench

pytestmark = pytest.mark.asyncio(loop_scope="module")

_PACKED = zlib.compress(bytes(30_000_000), 9)
BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "900 million pixels": (lambda: png_of_zeros(30_000, 30_000, data=_PACKED), "900,000,000 pixels"),
    "10,000 frames": (lambda: gif_of_frames(10_000), "10,000 frames"),
    "a text of 30 MB": (
        lambda: png_of_zeros(8, 8, before=png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + _PACKED)),
        "unpacks to more than 8 MiB",
    ),
    "a colour profile of 30 MB": (
        lambda: png_of_zeros(8, 8, before=png_chunk(b"iCCP", b"x\0\0" + _PACKED)),
        "unpacks to more than 8 MiB",
    ),
    "more data than pixels": (lambda: png_of_zeros(8, 8, data=_PACKED * 3), "more data than its pixels need"),
}
OTHER_TYPES = {
    b"": "empty",
    b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic": "HEIC",
    b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic": "HEIC",
    b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00mp42isom": "video",
    b'<?xml version="1.0"?>\n<svg onload="alert(1)" xmlns="http://www.w3.org/2000/svg"/>': "SVG",
    b"\xef\xbb\xbf<!-- --><SVG>": "SVG",
    b"<!doctype html><script>alert(1)</script>": "HTML",
    b"%PDF-1.7": "PDF",
    b"II*\x00\x08\x00\x00\x00": "TIFF",
    b"BM\x00\x00\x00\x00": "BMP",
    b"PK\x03\x04\x14\x00": "ZIP",
    b"#!/bin/sh": "not a picture",
    b"id=ImageMagick version=1.0": "not a picture",
}


@pytest.mark.parametrize("name", BOMBS)
async def test_bomb_is_refused_with_a_reason(bench: UploadBench, name: str) -> None:
    make, reason = BOMBS[name]

    problem = await bench.refusal(make())

    assert (problem.status, reason in problem.detail) == (422, True), problem.detail


async def test_other_types_are_refused_by_name_of_type(bench: UploadBench) -> None:
    for data, reason in OTHER_TYPES.items():
        problem = await bench.refusal(data)

        assert (problem.status, reason in problem.detail) == (415, True), problem.detail


@pytest.mark.parametrize("kind", KINDS)
async def test_truncated_file_is_refused(bench: UploadBench, kind: str) -> None:
    whole = picture(kind)

    for size in (len(whole) // 4, len(whole) // 2, len(whole) - 12):
        problem = await bench.refusal(whole[:size])

        assert (problem.status, "damaged or incomplete" in problem.detail or "end is missing" in problem.detail) == (
            422,
            True,
        ), problem.detail


async def test_file_of_another_type_behind_a_signature_is_refused(bench: UploadBench) -> None:
    for head, body in ((picture("png")[:8], picture("jpeg")), (b"\xff\xd8\xff\xe0", b"<svg/>"), (b"GIF89a", b"<html>")):
        assert (await bench.refusal(head + body)).status == 422


@pytest.mark.parametrize("name", POLYGLOTS)
async def test_polyglot_becomes_a_clean_picture(bench: UploadBench, name: str) -> None:
    _, original = await bench.check(POLYGLOTS[name])

    assert opened(original).format == "JPEG"
    assert not [found for found in HOSTILE_BYTES if found.lower() in original.lower()]

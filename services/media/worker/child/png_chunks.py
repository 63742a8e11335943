"""Chunks of a PNG, before libpng sees them (https://www.w3.org/TR/png-3/#5DataRep): is the file whole, and no compression bomb?

libpng stops at the last row, so it finds neither a missing end nor data that no row needs.
"""

import contextlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_SIGNATURE_BYTES = 8
# Texts and colour profiles of photographs take some hundred KiB.
_LARGEST_UNPACKED_BYTES = 8 * 1024 * 1024
# Deflate adds five bytes to each 16 KiB that it cannot compress; filters and interlacing add a byte a row.
_IDAT_SLACK = 1.1
_IDAT_SLACK_BYTES = 64 * 1024
_BYTES_A_PIXEL = 8
_COMPRESSED = frozenset({b"zTXt", b"iTXt", b"iCCP"})


class PngRefused(ValueError):
    """The message is a sentence for the person who sent the file."""


def check_png(path: str) -> None:
    """Raise PngRefused for a file without its end, for packed texts that are too large, and for superfluous data."""
    pixels = data_bytes = 0
    with Path(path).open("rb") as file:
        file.seek(_SIGNATURE_BYTES)
        for kind, size in _chunks(file):
            if kind == b"IEND":
                break
            if kind == b"IHDR" and size >= _BYTES_A_PIXEL:
                pixels = int.from_bytes(file.read(4), "big") * int.from_bytes(file.read(4), "big")
            elif kind == b"IDAT":
                data_bytes += size
            elif kind in _COMPRESSED:
                _refuse_bomb(_packed(kind, file.read(min(size, _LARGEST_UNPACKED_BYTES))))
        else:
            raise PngRefused("The PNG file is incomplete: its end is missing.")
    if data_bytes > _IDAT_SLACK * _BYTES_A_PIXEL * pixels + _IDAT_SLACK_BYTES:
        raise PngRefused("The PNG file has more data than its pixels need: it is damaged, or made to harm.")


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Type and size of each whole chunk; `file` stands at its data."""
    while len(head := file.read(8)) == 8:
        begin, size = file.tell(), int.from_bytes(head[:4], "big")
        yield head[4:], size
        file.seek(begin + size)
        if len(file.read(4)) < 4:
            return


def _refuse_bomb(packed: bytes) -> None:
    unpacker = zlib.decompressobj()
    with contextlib.suppress(zlib.error):
        unpacker.decompress(packed, _LARGEST_UNPACKED_BYTES)
    if unpacker.unconsumed_tail:
        raise PngRefused("A text or a colour profile in the PNG file unpacks to more than 8 MiB.")


def _packed(kind: bytes, data: bytes) -> bytes:
    """The compressed part of a chunk: after a name and a method; in `iTXt` also after a flag, a language and a second name."""
    rest = data.partition(b"\x00")[2]
    if kind != b"iTXt":
        return rest[1:]
    return rest[2:].partition(b"\x00")[2].partition(b"\x00")[2] if rest[:1] == b"\x01" else b""

"""libvips, held to five decoders, and the steps that checking and making share."""

from collections.abc import Mapping

import pyvips

from services.media.worker.child.credits import with_texts
from services.media.worker.jobs import CreditTexts

# What we keep of a file's metadata when it is written: only what `with_texts` put there.
_KEEP = "xmp|iptc"
_LOADERS: Mapping[str, str] = {
    "jpeg": "VipsForeignLoadJpeg",
    "png": "VipsForeignLoadPng",
    "webp": "VipsForeignLoadWebp",
    "avif": "VipsForeignLoadHeif",
    "gif": "VipsForeignLoadNsgif",
}
_OPERATIONS: Mapping[str, str] = {
    "jpeg": "jpegload",
    "png": "pngload",
    "webp": "webpload",
    "avif": "heifload",
    "gif": "gifload",
}
WHITE = [255, 255, 255]


def prepare() -> None:
    """Block all decoders but ours, and keep no results: a path is used again for another picture."""
    pyvips.block_untrusted_set(True)
    pyvips.operation_block_set("VipsForeignLoad", True)
    for loader in _LOADERS.values():
        pyvips.operation_block_set(loader, False)
    pyvips.cache_set_max(0)
    # Several children use the cores better than several threads of one.
    pyvips.concurrency_set(1)


def open_header(kind: str, path: str) -> pyvips.Image:
    """The picture's facts, by the decoder of its type; pixels are not decoded. Raises pyvips.Error."""
    return pyvips.Operation.call(_OPERATIONS[kind], path)


def without_metadata(image: pyvips.Image) -> pyvips.Image:
    """The decoded pixels alone, 8 bits a band, as sRGB with or without alpha. Raises pyvips.Error."""
    plain = image.colourspace("srgb").cast("uchar")
    if plain.bands > 4:
        plain = plain.extract_band(0, n=4)
    pixels = plain.write_to_memory()
    bare = pyvips.Image.new_from_memory(pixels, plain.width, plain.height, plain.bands, "uchar")
    return bare.copy(interpretation="srgb")


def on_white(image: pyvips.Image) -> pyvips.Image:
    """The picture without transparency."""
    return image.flatten(background=WHITE) if image.hasalpha() else image


def save_jpeg(image: pyvips.Image, path: str, texts: CreditTexts, *, quality: int, progressive: bool = True) -> None:
    """Write a JPEG; transparent parts become white. A progressive one takes three times as long."""
    credited = with_texts(on_white(image), texts)
    credited.jpegsave(path, Q=quality, optimize_coding=True, interlace=progressive, keep=_KEEP)


def save_png(image: pyvips.Image, path: str, texts: CreditTexts) -> None:
    """Write a PNG."""
    with_texts(image, texts).pngsave(path, keep=_KEEP)


def save_webp(image: pyvips.Image, path: str, texts: CreditTexts, *, quality: int) -> None:
    """Write a lossy WebP."""
    with_texts(image, texts).webpsave(path, Q=quality, effort=4, keep=_KEEP)


def save_avif(image: pyvips.Image, path: str, texts: CreditTexts, *, quality: int) -> None:
    """Write an AVIF. Effort 2: 4 takes ten times as long for 3 % fewer bytes."""
    with_texts(image, texts).heifsave(path, compression="av1", Q=quality, effort=2, keep=_KEEP)

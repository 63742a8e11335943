"""Checks an upload and writes its stripped original: header first, then the whole picture."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyvips

from services.media.worker.child.credits import EmbeddedTexts, read_texts
from services.media.worker.child.images import on_white, open_header, save_jpeg, save_png, without_metadata
from services.media.worker.child.png_chunks import PngRefused, check_png
from services.media.worker.jobs import CheckJob, CreditTexts

# The source of all variants, so its own losses must not show.
_QUALITY = 90
# An orientation from here on turns the picture by a quarter (EXIF 2.3, tag 274).
_FIRST_QUARTER_TURN = 5
# Only the first frame is shown; the others cost the time to find them.
_FRAMES_PIXELS = 10
# Already sRGB, or shades of it.
_PLAIN = ("srgb", "rgb", "b-w", "rgb16", "grey16")
_NAMES: Mapping[str, str] = {"jpeg": "JPEG", "png": "PNG", "webp": "WebP", "avif": "AVIF", "gif": "GIF"}
# Warnings of libjpeg about files that cameras write, and that lose nothing.
_HARMLESS = re.compile(r"extraneous bytes before marker|Unknown Adobe color transform|Invalid SOS parameters")
_WARNING = re.compile(r"^VipsJpeg: (.*)$", re.MULTILINE)


class PictureRefused(Exception):
    """The picture is not accepted. The message is a sentence for the person who sent it."""


def check(job: CheckJob) -> Iterator[Mapping[str, object]]:
    """Answer once: `checked` with the facts, or `refused` with a reason."""
    try:
        yield {"state": "checked", **_check(job)}
    except PictureRefused as refused:
        yield {"state": "refused", "detail": str(refused)}


def _check(job: CheckJob) -> Mapping[str, object]:
    try:
        header = open_header(job.kind, job.source)
        frames = header.get("n-pages") if header.get_typeof("n-pages") else 1
        _refuse_size(job, header.width, header.height, frames)
        if job.kind == "png":
            check_png(job.source)
        texts = read_texts(header)
        size = _upright_size(header)
        profile = _profile(header)
        del header
        image = _decode(job, profile)
        has_alpha = _is_transparent(image)
        image = image if has_alpha else on_white(image)
        _save_original(image, job, has_alpha, texts)
    except PngRefused as error:
        raise PictureRefused(str(error)) from error
    except pyvips.Error as error:
        raise PictureRefused(_reason(job.kind, error)) from error
    return {
        "width": size[0],
        "height": size[1],
        "has_alpha": has_alpha,
        "frames": frames,
        "original_width": image.width,
        "original_height": image.height,
        "size_bytes": Path(job.target).stat().st_size,
        "color": _mean_color(image),
        **vars(texts),
    }


def _refuse_size(job: CheckJob, width: int, height: int, frames: int) -> None:
    """Decide by the header alone."""
    if width * height > job.most_pixels:
        raise PictureRefused(
            f"The picture has {width} × {height} = {width * height:,} pixels; {job.most_pixels:,} are allowed."
        )
    if frames > job.most_frames:
        raise PictureRefused(f"The picture has {frames:,} frames; {job.most_frames:,} are allowed.")
    if frames * width * height > _FRAMES_PIXELS * job.most_pixels:
        raise PictureRefused(f"The picture has {frames:,} frames of {width * height:,} pixels; that is too much.")


def _upright_size(header: pyvips.Image) -> tuple[int, int]:
    orientation = header.get("orientation") if header.get_typeof("orientation") else 1
    is_turned = _FIRST_QUARTER_TURN <= orientation <= 8
    return (header.height, header.width) if is_turned else (header.width, header.height)


def _profile(header: pyvips.Image) -> Mapping[str, str]:
    """The option of a conversion to sRGB. Without a profile there is none to convert from, and it costs most of a check."""
    is_plain = header.interpretation in _PLAIN and not header.get_typeof("icc-profile-data")
    return {} if is_plain else {"output_profile": "srgb"}


def _decode(job: CheckJob, profile: Mapping[str, str]) -> pyvips.Image:
    """The whole first frame: upright, sRGB, `longest_edge` at most. Raises pyvips.Error on damage."""
    try:
        return _shrunk(job, profile, fail_on="warning")
    except pyvips.Error as error:
        warnings = _WARNING.findall(str(error))
        if not warnings or not all(map(_HARMLESS.search, warnings)):
            raise
    return _shrunk(job, profile, fail_on="error")


def _shrunk(job: CheckJob, profile: Mapping[str, str], *, fail_on: str) -> pyvips.Image:
    edge = job.longest_edge
    shrunk = pyvips.Image.thumbnail(job.source, edge, height=edge, size="down", fail_on=fail_on, **profile)
    return without_metadata(shrunk)


def _is_transparent(image: pyvips.Image) -> bool:
    return bool(image.hasalpha()) and image.extract_band(image.bands - 1).min() < 255


def _save_original(image: pyvips.Image, job: CheckJob, has_alpha: bool, own: EmbeddedTexts) -> None:
    texts = CreditTexts(
        creator=own.creator if job.creator is None else job.creator,
        credit=own.credit if job.credit is None else job.credit,
        copyright=own.copyright if job.copyright is None else job.copyright,
    )
    if has_alpha:
        save_png(image, job.target, texts)
    else:
        save_jpeg(image, job.target, texts, quality=_QUALITY, progressive=False)


def _mean_color(image: pyvips.Image) -> str:
    opaque = on_white(image)
    return "#" + "".join(f"{round(opaque.extract_band(band).avg()):02x}" for band in range(3))


def _reason(kind: str, error: pyvips.Error) -> str:
    if "out of memory" in str(error).lower():
        return f"The {_NAMES[kind]} file needs more memory to decode than is allowed."
    return f"The {_NAMES[kind]} file is damaged or incomplete: it cannot be decoded as a whole."

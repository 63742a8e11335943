"""Makes variants of a stripped original: crops, sizes, formats."""

from collections.abc import Callable, Iterator, Mapping

import pyvips

from services.media.worker.child.images import (
    open_header,
    save_avif,
    save_jpeg,
    save_webp,
    without_metadata,
)
from services.media.worker.jobs import CreditTexts, VariantFile, VariantsJob

Save = Callable[[pyvips.Image, str, CreditTexts], None]
_Cut = tuple[int, int, int, int, int, int]

# Chosen by eye on photographs, so that the formats look alike.
_SAVERS: Mapping[str, Save] = {
    "jpg": lambda image, path, texts: save_jpeg(image, path, texts, quality=80),
    "webp": lambda image, path, texts: save_webp(image, path, texts, quality=78),
    "avif": lambda image, path, texts: save_avif(image, path, texts, quality=52),
}


def make_variants(job: VariantsJob) -> Iterator[Mapping[str, object]]:
    """Answer `made` after each file, in the order of the job, then `done`; `failed` when libvips cannot go on."""
    try:
        original = without_metadata(open_header(job.kind, job.source))
        cuts: dict[_Cut, pyvips.Image] = {}
        for number, file in enumerate(job.files):
            _SAVERS[file.format](_cut(original, file, cuts), file.target, job.texts)
            yield {"state": "made", "number": number}
    except pyvips.Error as error:
        yield {"state": "failed", "detail": str(error)[:500]}
    else:
        yield {"state": "done"}


def _cut(original: pyvips.Image, file: VariantFile, cuts: dict[_Cut, pyvips.Image]) -> pyvips.Image:
    """The box in its size; the same one serves all formats."""
    key = (file.left, file.top, file.box_width, file.box_height, file.width, file.height)
    if key not in cuts:
        box = original.crop(file.left, file.top, file.box_width, file.box_height)
        cuts[key] = without_metadata(box.thumbnail_image(file.width, height=file.height, size="force"))
    return cuts[key]

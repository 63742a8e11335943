"""Pure decisions about variants: their order, and a child's files."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from services.media.worker.jobs import VariantFile
from shared.pictures import Format, PictureFacts, Variant, all_variants, crop_box

# Every browser shows JPEG, and AVIF takes longest.
_ORDER: Mapping[Format, int] = {"jpg": 0, "webp": 1, "avif": 2}


def missing_variants(facts: PictureFacts, known_keys: Iterable[str]) -> Sequence[Variant]:
    """The variants that are not in the store yet: all JPEGs first, then WebP, then AVIF; of a format the widest first."""
    known = set(known_keys)
    missing = [variant for variant in all_variants(facts) if key_of(facts, variant) not in known]
    return sorted(missing, key=lambda variant: (_ORDER[variant.name.format], -variant.width, str(variant.name)))


def key_of(facts: PictureFacts, variant: Variant) -> str:
    """The key of a variant in the store."""
    return f"{facts.folder}/{variant.name}"


def original_key(facts: PictureFacts) -> str:
    """The key of the stripped original in the store."""
    return f"{facts.folder}/{facts.original}"


def variant_file(facts: PictureFacts, variant: Variant, folder: Path) -> VariantFile:
    """A variant as a child's file in this folder."""
    box = crop_box(facts, variant.name.shape)
    return VariantFile(
        target=str(folder / str(variant.name)),
        format=variant.name.format,
        left=box.left,
        top=box.top,
        box_width=box.width,
        box_height=box.height,
        width=variant.width,
        height=variant.height,
    )

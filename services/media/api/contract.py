"""Requests and answers of the API of pictures (`docs/openapi.json`)."""

from collections.abc import Mapping, Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from services.media.api.fields import Address, Alt, Caption, Credit, Fraction
from services.media.records import Picture, VariantsState
from shared.pictures import SHAPES, PictureRecord, Variant, all_variants, variants
from shared.times import UtcDatetime


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PictureTexts(_Sent):
    """What may be sent with a picture. A credit that is not sent is read from the file."""

    alt: Alt = ""
    caption: Caption = ""
    credit: Credit | None = None
    decorative: bool = False
    focal_x: Fraction = 0.5
    focal_y: Fraction = 0.5


class PictureUpload(PictureTexts):
    """An upload: the file and what may be sent with it."""

    file: bytes


class PictureFetch(PictureTexts):
    """A picture to be fetched from an address."""

    url: Address


class FocalPoint(_Sent):
    """The part of a picture that crops keep: fractions of its width and height."""

    x: Fraction
    y: Fraction


class PictureChange(_Sent):
    """A change of a picture: fields that are not sent stay. The focal point may be sent as one field or as two."""

    alt: Alt | None = None
    caption: Caption | None = None
    credit: Credit | None = None
    decorative: bool | None = None
    focal_point: FocalPoint | None = None
    focal_x: Fraction | None = None
    focal_y: Fraction | None = None

    @model_validator(mode="after")
    def _one_focal_point(self) -> Self:
        if self.focal_point is not None and (self.focal_x is not None or self.focal_y is not None):
            raise ValueError("Send focal_point, or focal_x and focal_y.")
        return self

    def focal(self, x: float, y: float) -> tuple[float, float]:
        """The focal point after the change of one at `x`, `y`."""
        if self.focal_point is not None:
            return self.focal_point.x, self.focal_point.y
        return x if self.focal_x is None else self.focal_x, y if self.focal_y is None else self.focal_y


class PictureFile(BaseModel):
    """One file made of a picture: its public path, its size in pixels and its content type."""

    url: str
    width: int
    height: int
    type: str

    @classmethod
    def of(cls, variant: Variant) -> Self:
        """The answer for a variant."""
        return cls(url=variant.path, width=variant.width, height=variant.height, type=variant.content_type)


class PictureUse(BaseModel):
    """An article that uses a picture. `lead`: as its lead picture."""

    model_config = ConfigDict(extra="ignore")

    article_id: str
    headline: str
    status: str
    lead: bool


class PictureUploader(BaseModel):
    """The person, or the owner of the token, who sent a picture."""

    id: str
    name: str


class PictureAnswer(BaseModel):
    """A picture. `url` is the path of the original, stripped of metadata; `type`, `size_bytes`, `sha256` are of the upload.

    `crops` has the largest JPEG of each shape.
    """

    id: str
    url: str
    width: int
    height: int
    type: str
    size_bytes: int
    sha256: str
    alt: str
    caption: str
    credit: str
    decorative: bool
    focal_point: FocalPoint
    variants: Sequence[PictureFile]
    variants_state: VariantsState
    crops: Mapping[str, PictureFile]
    used_by: Sequence[PictureUse]
    file_name: str
    created_at: UtcDatetime
    updated_at: UtcDatetime
    created_by: PictureUploader
    version: int

    @classmethod
    def of(cls, picture: Picture, used_by: Sequence[PictureUse]) -> Self:
        """The answer for a picture."""
        facts = picture.facts
        named = {
            name: value for name, value in vars(picture).items() if name in cls.model_fields and name != "variants"
        }
        return cls(
            **{**named, "created_by": PictureUploader(**vars(picture.created_by))},
            url=facts.original_path,
            focal_point=FocalPoint(x=facts.focal_x, y=facts.focal_y),
            variants=[PictureFile.of(variant) for variant in all_variants(facts)],
            variants_state=picture.variants,
            crops={
                shape: PictureFile.of(variants(facts, shape, "jpg")[-1]) for shape, rule in SHAPES.items() if rule.ratio
            },
            used_by=used_by,
        )


class PictureList(BaseModel):
    """One page of pictures, newest first."""

    items: Sequence[PictureAnswer]
    next_cursor: str | None


class PictureRecords(BaseModel):
    """Pictures as ingestion keeps them."""

    items: Sequence[PictureRecord]

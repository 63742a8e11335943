"""Values that the stores keep: pictures, and leases of folders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from shared.pictures import PictureFacts, PictureRecord

# `refused`: the worker could not make the variants; pages then get the original.
VariantsState = Literal["waiting", "done", "refused"]


@dataclass(frozen=True)
class Uploader:
    """The person, or the owner of the token, who sent a picture."""

    id: str
    name: str


@dataclass(frozen=True)
class OldStamp:
    """A former stamp of a picture; its files are deleted some time after `at`."""

    stamp: str
    at: datetime


@dataclass(frozen=True)
class Picture:
    """A picture. `sha256`, `type`, `size_bytes`: of the upload; `width`, `height`: of the upload, after orientation.

    `creator` and `copyright` come from its IPTC fields. `version` counts changes by people. `is_announced`: ingestion knows
    this version. `variants`, `tries`, `claimed_until`: the worker's queue. `deleted_at`: it is being deleted, and shown nowhere.
    """

    id: str
    sha256: str
    file_name: str
    type: str
    size_bytes: int
    width: int
    height: int
    has_alpha: bool
    facts: PictureFacts
    created_at: datetime
    updated_at: datetime
    created_by: Uploader
    version: int = 1
    alt: str = ""
    caption: str = ""
    credit: str = ""
    decorative: bool = False
    creator: str = ""
    copyright: str = ""
    is_announced: bool = False
    variants: VariantsState = "waiting"
    tries: int = 0
    claimed_until: datetime | None = None
    deleted_at: datetime | None = None
    old_stamps: tuple[OldStamp, ...] = field(default=())

    @property
    def folder(self) -> str:
        """The folder of its files."""
        return self.facts.folder

    def record(self) -> PictureRecord:
        """The picture as ingestion keeps it."""
        return PictureRecord(
            id=self.id,
            version=self.version,
            facts=self.facts,
            alt=self.alt,
            caption=self.caption,
            credit=self.credit,
            decorative=self.decorative,
        )


def to_document(picture: Picture) -> dict[str, Any]:
    """The picture's MongoDB document."""
    fields = {name: value for name, value in vars(picture).items() if name != "id"}
    nested = {
        "folder": picture.folder,
        "facts": picture.facts.model_dump(),
        "created_by": vars(picture.created_by),
        "old_stamps": [vars(old) for old in picture.old_stamps],
        "sweep_at": min((old.at for old in picture.old_stamps), default=None),
    }
    return {"_id": picture.id, **fields, **nested}


def from_document(found: Mapping[str, Any]) -> Picture:
    """The picture of a document."""
    fields = {name: value for name, value in found.items() if name not in ("_id", "folder", "sweep_at")}
    return Picture(
        id=found["_id"],
        **{
            **fields,
            "facts": PictureFacts.model_validate(found["facts"]),
            "created_by": Uploader(**found["created_by"]),
            "old_stamps": tuple(OldStamp(**old) for old in found["old_stamps"]),
        },
    )

"""Pictures of the paper's own store as an article has them: the lead picture, and those in the text. No I/O."""

import re
from collections.abc import Sequence
from typing import Literal, Self, cast

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, SerializerFunctionWrapHandler, model_serializer
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from shared.events import Picture
from shared.pictures import FOLDER_DIGITS, PictureRecord, parse_original_name

PictureText = Literal["alt", "caption", "credit"]
_FOLDER = re.compile(rf"[0-9a-f]{{{FOLDER_DIGITS}}}")
PICTURE_TEXTS: Sequence[PictureText] = ("alt", "caption", "credit")


def has_sound_names(record: PictureRecord) -> bool:
    """Whether addresses can be made of the facts: pages are full of them."""
    facts = record.facts
    return (
        facts.id == record.id
        and _FOLDER.fullmatch(facts.folder) is not None
        and parse_original_name(facts.original) == facts.stamp
        and min(facts.width, facts.height) > 0
    )


class PictureFault(BaseModel):
    """Something to look at before publication: a picture without description, or one that the store does not have."""

    model_config = ConfigDict(frozen=True)

    pointer: str
    media_id: str
    fault: Literal["no_alt", "unknown"]


class LeadImage(Picture):
    """An article's lead picture: by address, or `media_id` of the store.

    `inherited` names the texts that the article takes over from the picture. A `decorative` picture needs no `alt`.
    With `media_id` and without `media` the store no longer has the picture.
    """

    media_id: str | None = None
    inherited: tuple[PictureText, ...] = ()
    decorative: bool = False

    @model_serializer(mode="wrap")
    def _without_facts_of_the_store(self, serialize: SerializerFunctionWrapHandler) -> dict[str, object]:
        """A picture by address has the fields that it always had."""
        fields: dict[str, object] = serialize(self)
        kept = Picture.model_fields.keys() - {"media"} if self.media_id is None else fields.keys()
        return {name: value for name, value in fields.items() if name in kept}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema of the fields: a serializer of one's own hides them."""
        plain = cast(CoreSchema, {name: part for name, part in core_schema.items() if name != "serialization"})
        return handler(plain)

    @property
    def chosen(self) -> Self:
        """The editor's own part of it, without the facts and texts of the picture."""
        if self.media_id is None:
            return self
        follows: dict[str, object] = {"url": "", "media": None, "decorative": False}
        return self.model_copy(update={**follows, **dict.fromkeys(self.inherited, "")})

    @property
    def is_gone(self) -> bool:
        """Whether the store no longer has the picture."""
        return self.media_id is not None and self.media is None

    @property
    def fault(self) -> PictureFault | None:
        """Its fault, if it is a picture of the store and has one."""
        if self.media_id is None:
            return None
        if self.is_gone:
            return PictureFault(pointer="/lead_image/media_id", media_id=self.media_id, fault="unknown")
        if self.alt or self.decorative:
            return None
        return PictureFault(pointer="/lead_image/alt", media_id=self.media_id, fault="no_alt")

    def resolved(self, record: PictureRecord | None) -> Self:
        """With today's address, facts and inherited texts of its picture. Without a record it stays as it was, but `media`."""
        if self.media_id is None:
            return self
        if record is None:
            return self.model_copy(update={"media": None})
        facts = {"url": record.facts.original_path, "media": record.facts, "decorative": record.decorative}
        return self.model_copy(update=facts | {str(name): getattr(record, name) for name in self.inherited})


class BodyPicture(BaseModel):
    """A picture of the store in an article's text. `version` is the one that was shown; None: the store has none of this id."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    version: int | None
    lacks_alt: bool = False

    @property
    def fault(self) -> PictureFault | None:
        """Its fault, if it has one."""
        if self.version is None:
            return PictureFault(pointer="/body_markdown", media_id=self.id, fault="unknown")
        return PictureFault(pointer="/body_markdown", media_id=self.id, fault="no_alt") if self.lacks_alt else None

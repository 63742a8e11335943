"""Answers of decode children. A child decodes hostile files, so its answers are checked like a request's body."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

_Text = Annotated[str, Field(max_length=1000)]
_Pixels = Annotated[int, Field(ge=1)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Checked(_Answer):
    """The upload is good, and its original is written.

    `width`, `height`: of the upload, after orientation. `creator`, `credit`, `copyright`, `title`: the upload's own texts.
    """

    state: Literal["checked"]
    width: _Pixels
    height: _Pixels
    has_alpha: bool
    frames: _Pixels
    original_width: _Pixels
    original_height: _Pixels
    size_bytes: _Pixels
    color: str = Field(pattern=r"^#[0-9a-f]{6}$")
    creator: _Text
    credit: _Text
    copyright: _Text
    title: _Text


class Refused(_Answer):
    """The upload is not accepted; `detail` is a sentence for the person who sent it."""

    state: Literal["refused"]
    detail: _Text


class Made(_Answer):
    """The file of this number in the job is written."""

    state: Literal["made"]
    number: int = Field(ge=0)


class Done(_Answer):
    """Every file of the job is written."""

    state: Literal["done"]


class Failed(_Answer):
    """The job cannot be done; `detail` is for the log."""

    state: Literal["failed"]
    detail: _Text


Answer = Checked | Refused | Made | Done | Failed

_ANSWERS: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="state")])


def parse_answer(line: bytes) -> Answer:
    """The answer in a line. Raises ValueError for any other line."""
    return _ANSWERS.validate_json(line)

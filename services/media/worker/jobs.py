"""Jobs for decode children, and their answers: one JSON text a line, in both directions.

Both sides import this module, so it needs neither pyvips nor pydantic. `answers.py` has the shapes of answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

# No line is longer: neither a job with the files of all variants nor an answer with the longest texts.
LONGEST_LINE_BYTES = 256 * 1024


@dataclass(frozen=True)
class CreditTexts:
    """Who made a picture and owns it, as plain text."""

    creator: str = ""
    credit: str = ""
    copyright: str = ""


@dataclass(frozen=True)
class CheckJob:
    """Check the upload `source` of the type `kind`, and write its stripped original, `longest_edge` pixels at most, to `target`.

    `creator`, `credit`, `copyright` are written into it; None takes the upload's own.
    """

    source: str
    kind: str
    target: str
    longest_edge: int
    most_pixels: int
    most_frames: int
    creator: str | None = None
    credit: str | None = None
    copyright: str | None = None


@dataclass(frozen=True)
class VariantFile:
    """A file to make: the box in the original, the size in pixels, the format (`avif`, `webp`, `jpg`)."""

    target: str
    format: str
    left: int
    top: int
    box_width: int
    box_height: int
    width: int
    height: int


@dataclass(frozen=True)
class VariantsJob:
    """Make files of the stripped original `source`, in this order, and write the texts into each."""

    source: str
    kind: str
    files: Sequence[VariantFile]
    texts: CreditTexts


Job = CheckJob | VariantsJob


def to_line(job: Job) -> bytes:
    """A job as a line."""
    return orjson.dumps({"do": type(job).__name__, "job": job}) + b"\n"


def from_line(line: bytes) -> Job:
    """The job of a line that `to_line` made."""
    message = orjson.loads(line)
    fields = message["job"]
    if message["do"] == CheckJob.__name__:
        return CheckJob(**fields)
    files = [VariantFile(**file) for file in fields["files"]]
    return VariantsJob(**{**fields, "files": files, "texts": CreditTexts(**fields["texts"])})

"""Pure decisions: who may do what, a picture's stamp, file names for display."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal

from services.media.records import OldStamp, Picture
from shared.pictures import FOLDER_DIGITS, STAMP_DIGITS, all_variants, parse_original_name, parse_variant_name
from shared.text import DIRECTION_MARKS, EDITOR_LINE, TextRefused, tidy

Right = Literal["read", "write", "delete"]

ALLOWED: Mapping[str, frozenset[Right]] = {
    "reporter": frozenset({"read", "write"}),
    "editor": frozenset({"read", "write", "delete"}),
    "moderator": frozenset({"read"}),
    "admin": frozenset({"read", "write", "delete"}),
}

LONGEST_FILE_NAME = 120
_NAMELESS = "picture"
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def may(role: str, right: Right) -> bool:
    """Whether a role has a right."""
    return right in ALLOWED.get(role, frozenset())


def folder_of(sha256: str) -> str:
    """The folder of a file."""
    return sha256[:FOLDER_DIGITS]


def stamp_of(credit: str, creator: str, copyright: str, focal_x: float, focal_y: float) -> str:
    """The stamp of everything that changes the bytes of a picture's files."""
    told = json.dumps([credit, creator, copyright, focal_x, focal_y])
    return hashlib.sha256(told.encode()).hexdigest()[:STAMP_DIGITS]


def tidy_file_name(sent: str) -> str:
    """The last part of a path, without control characters and direction marks, for display: never a path on a disk."""
    name = re.split(r"[/\\]", sent[-4 * LONGEST_FILE_NAME :])[-1]
    name = "".join(letter for letter in _CONTROLS.sub("", name) if letter not in DIRECTION_MARKS)
    try:
        name = tidy(name, EDITOR_LINE).strip(". ")
    except TextRefused:
        return _NAMELESS
    if len(name) > LONGEST_FILE_NAME:
        stem, dot, ending = name.rpartition(".")
        kept = f"{dot}{ending}" if dot and len(ending) <= 8 else ""
        name = (stem if kept else name)[: LONGEST_FILE_NAME - len(kept)] + kept
    return name or _NAMELESS


def next_version(before: Picture, after: Picture, at: datetime) -> Picture:
    """The next version of a picture. A replaced stamp is noted, so that its files are deleted some time later."""
    stamps = {old.stamp: old for old in before.old_stamps}
    if after.facts.stamp != before.facts.stamp:
        stamps[before.facts.stamp] = OldStamp(before.facts.stamp, at)
        # The worker's queue begins anew.
        after = replace(after, variants="waiting", tries=0, claimed_until=None)
    stamps.pop(after.facts.stamp, None)
    return replace(
        after,
        version=before.version + 1,
        updated_at=at,
        is_announced=False,
        old_stamps=tuple(sorted(stamps.values(), key=lambda old: old.at)),
    )


def is_public_name(name: str) -> bool:
    """Whether a file of this name may be served: an original or a variant, nothing else of a folder."""
    return parse_original_name(name) is not None or parse_variant_name(name) is not None


def stamp_in(name: str) -> str | None:
    """The stamp in a public file name; None for any other name."""
    variant = parse_variant_name(name)
    return parse_original_name(name) if variant is None else variant.stamp


def todays_name(picture: Picture, name: str) -> str | None:
    """The present name of the file that a name asks for; None when the picture has no such file."""
    facts = picture.facts
    if parse_original_name(name) is not None:
        return facts.original if name.rpartition(".")[2] == facts.original.rpartition(".")[2] else None
    asked = parse_variant_name(name)
    if asked is None:
        return None
    present = str(replace(asked, stamp=facts.stamp))
    return present if any(str(variant.name) == present for variant in all_variants(facts)) else None

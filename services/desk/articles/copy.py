"""The working copy between a form and ingestion: field names, lists in one line, an article's facts for pages."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.desk.visit import moment_of

FIELDS = ("headline", "standfirst", "body_markdown", "section", "slug", "language")
PICTURE_FIELDS = ("media_id", "url", "alt", "caption", "credit")
LISTS = ("tags", "bylines")
# A part that holds a comma stands in quotation marks.
_PART = re.compile(r'\s*"([^"]*)"\s*(?=[,،]|$)|([^,،]+)')
_BREAK = re.compile(r"[\r\n][\r\n \t]*")


@dataclass(frozen=True)
class ArticleFacts:
    """An article as the desk's pages show it."""

    id: str
    version: int
    status: str
    headline: str
    section: str
    url: str | None
    language: str
    bylines: tuple[str, ...]
    tags: tuple[str, ...]
    updated_at: datetime | None
    published_at: datetime | None
    corrected_at: datetime | None
    scheduled_for: datetime | None
    embargo_until: datetime | None
    submitted_at: datetime | None
    submitted_by: str
    note_back: str
    is_changed: bool


def facts_of(found: Mapping[str, object]) -> ArticleFacts:
    """The facts in an answer of ingestion."""
    return ArticleFacts(
        id=str(found["id"]),
        version=int(str(found["version"])),
        status=str(found["status"]),
        headline=str(found["headline"]),
        section=str(found["section"]),
        url=None if found.get("url") is None else str(found["url"]),
        language=str(found["language"]),
        bylines=_texts(found.get("bylines")),
        tags=_texts(found.get("tags")),
        updated_at=moment_of(found.get("updated_at")),
        published_at=moment_of(found.get("published_at")),
        corrected_at=moment_of(found.get("corrected_at")),
        scheduled_for=moment_of(found.get("scheduled_for")),
        embargo_until=moment_of(found.get("embargo_until")),
        submitted_at=moment_of(found.get("submitted_at")),
        submitted_by=str(found.get("submitted_by") or ""),
        note_back=str(found.get("note_back") or ""),
        is_changed=bool(found.get("changed")),
    )


def values_of(found: Mapping[str, object]) -> dict[str, str]:
    """An article's fields as the form shows them."""
    values = {name: str(found.get(name) or "") for name in FIELDS}
    values |= {name: line_of(_texts(found.get(name))) for name in LISTS}
    picture = found.get("lead_image")
    if isinstance(picture, Mapping):
        values |= {f"picture_{name}": text for name, text in own_picture(picture).items()}
    return values


def own_picture(picture: Mapping[str, object]) -> dict[str, str]:
    """A lead picture as the article has it: without the texts, and the address, that are those of a picture of the library."""
    inherited = _texts(picture.get("inherited"))
    theirs = {"url", *inherited} if picture.get("media_id") else set()
    return {name: "" if name in theirs else str(picture.get(name) or "") for name in PICTURE_FIELDS}


def sent_picture(picture: Mapping[str, str]) -> dict[str, str]:
    """A lead picture as ingestion takes it. An address that was typed takes the place of a picture of the library.

    Empty texts beside `media_id` are those of the picture.
    """
    left_out = "media_id" if picture.get("url", "").strip() or not picture.get("media_id") else "url"
    return {name: picture.get(name, "") for name in PICTURE_FIELDS if name != left_out}


def sent_of(values: Mapping[str, str]) -> dict[str, object]:
    """The form's fields as ingestion takes them. Empty optional fields are left out.

    Texts about a picture without an address go along: ingestion refuses them, and the form comes back with all of them.
    """
    sent: dict[str, object] = {name: values.get(name, "") for name in ("headline", "section", "body_markdown")}
    sent |= {name: values[name] for name in ("standfirst", "slug", "language") if values.get(name)}
    # Both fields have room for several lines on the screen, and are one line.
    sent |= {name: _BREAK.sub(" ", str(sent[name])) for name in ("headline", "standfirst") if name in sent}
    sent |= {name: parts_of(values.get(name, "")) for name in LISTS}
    if any(values.get(f"picture_{name}", "").strip() for name in PICTURE_FIELDS):
        sent["lead_image"] = sent_picture({name: values.get(f"picture_{name}", "") for name in PICTURE_FIELDS})
    return sent


def parts_of(text: str) -> list[str]:
    """The parts of a list in one line, separated by Latin or Arabic commas. As `parts` in static/fields.js."""
    found = ((match[1] or match[2] or "").strip() for match in _PART.finditer(text))
    return [part for part in found if part]


def line_of(parts: Iterable[str]) -> str:
    """A list in one line; `parts_of` reads it again."""
    return ", ".join(f'"{part}"' if ("," in part or "،" in part) and '"' not in part else part for part in parts)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()

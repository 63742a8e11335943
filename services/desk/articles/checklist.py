"""The checklist before publishing: facts worth a second look. They warn and forbid nothing. Pure functions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from services.desk.articles.copy import parts_of
from services.desk.articles.names import near_names
from services.desk.media.pictures import LibraryPicture
from shared.links import AddressFinder

# The site's own measure, as in the editor's hints (static/writing.js).
LONGEST_HEADLINE = 110
_MOST_NEAR_NAMES = 10
_MEDIA = re.compile(r"media:([0-9a-z]{1,40})")
# Pictures of the library by id, None for an unknown one; those that could not be asked are missing.
Library = Mapping[str, LibraryPicture | None]


@dataclass(frozen=True)
class Finding:
    """One thing to look at. `name` is that of its text (`check.<name>`), `place` the form's field, `values` fill the text."""

    name: str
    place: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Outline:
    """What a Markdown text points to and says: pictures (address and alt), links in order, and its plain words."""

    pictures: Sequence[tuple[str, str]]
    links: Sequence[str]
    words: Sequence[str]


def outline(markdown: str) -> Outline:
    """Read a Markdown text. Takes a tenth of a second for the longest one: call it in a thread."""
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True})
    parser.enable(["table", "strikethrough", "linkify"])
    parser.linkify = AddressFinder()
    inline = [child for token in parser.parse(markdown) for child in token.children or ()]
    pictures = [(str(token.attrs.get("src", "")), token.content.strip()) for token in inline if token.type == "image"]
    links = [str(token.attrs.get("href", "")) for token in inline if token.type == "link_open"]
    return Outline(pictures, tuple(dict.fromkeys(links)), _words(inline))


def media_ids(values: Mapping[str, str], text: Outline) -> Sequence[str]:
    """The library's pictures that the form names, in order."""
    lead = values.get("picture_media_id", "")
    found = [_media_id(address) for address, _ in text.pictures]
    return [picture_id for picture_id in (lead, *found) if picture_id]


def findings_of(
    values: Mapping[str, str], text: Outline, known: Iterable[str], missing: Sequence[str], library: Library
) -> Sequence[Finding]:
    """What to look at in the form's fields, in the order of the fields.

    `known`: tags and bylines in use, the most used first. `missing`: addresses in the text that answered "not found".
    `library`: the pictures of `media_ids`.
    """
    pictures = (*_pictures(values, text), *_library_pictures(values, text, library))
    return (*_headline(values), *_names(values, text, known), *pictures, *_links(text, missing))


def _headline(values: Mapping[str, str]) -> Iterable[Finding]:
    length = len(values.get("headline", "").strip())
    if length > LONGEST_HEADLINE:
        yield Finding("long_headline", "headline", {"number": length})
    if not values.get("standfirst", "").strip():
        yield Finding("no_standfirst", "standfirst")
    if not values.get("section"):
        yield Finding("no_section", "section")


def _names(values: Mapping[str, str], text: Outline, known: Iterable[str]) -> Iterable[Finding]:
    texts = [values.get("headline", ""), values.get("standfirst", ""), *text.words]
    own = {name: kind for kind in ("tags", "bylines") for name in parts_of(values.get(kind, ""))}
    for near in near_names(texts, own, known)[:_MOST_NEAR_NAMES]:
        yield Finding(
            "near_name", own.get(near.written, "body_markdown"), {"written": near.written, "known": near.known}
        )


def _pictures(values: Mapping[str, str], text: Outline) -> Iterable[Finding]:
    if values.get("picture_url") and not values.get("picture_alt", "").strip():
        yield Finding("no_alt", "picture_alt")
    for address, alt in text.pictures:
        if not alt and not _media_id(address):
            yield Finding("no_alt_in_text", "body_markdown", {"address": address})


def _library_pictures(values: Mapping[str, str], text: Outline, library: Library) -> Iterable[Finding]:
    """A picture that nobody described, and one that is not there. An empty text in the article is the picture's own."""
    lead = values.get("picture_media_id", "")
    if lead and not values.get("picture_url"):
        yield from _of_library(lead, values.get("picture_alt", ""), "picture_alt", library)
    for address, alt in text.pictures:
        yield from _of_library(_media_id(address), alt, "body_markdown", library)


def _of_library(picture_id: str, alt: str, place: str, library: Library) -> Iterable[Finding]:
    if picture_id not in library:
        return
    picture = library[picture_id]
    if picture is None:
        yield Finding("unknown_picture", place, {"picture": picture_id})
    elif picture.lacks_alt and not alt.strip():
        yield Finding("picture_without_alt", place, {"picture": picture.name})


def _media_id(address: str) -> str:
    found = _MEDIA.fullmatch(address)
    return found[1] if found else ""


def _links(text: Outline, missing: Sequence[str]) -> Iterable[Finding]:
    for address in missing:
        is_lead = address not in text.links and all(address != picture for picture, _ in text.pictures)
        yield Finding("missing_link", "picture_url" if is_lead else "body_markdown", {"address": address})


def _words(inline: Sequence[Token]) -> Sequence[str]:
    """The text of each run between marks and breaks; code and addresses are no words."""
    return tuple(token.content for token in inline if token.type == "text" and "://" not in token.content)

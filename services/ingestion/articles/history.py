"""An article's public history: the versions that readers saw, with the differences between them. No I/O, no clock.

Differences are between public editions alone: a text that was saved and never published is in none. A withdrawal takes its
text back: versions before it keep time and note, and lose their differences.
"""

from collections.abc import Sequence

from services.ingestion.articles.rules import Article, Content, event_of
from shared.differences import SEPARATOR, changes
from shared.events import FieldDifference, Picture, PublicVersion, TextPiece
from shared.kafka.producer import MAX_MESSAGE_BYTES

MOST_VERSIONS = 40
MOST_BYTES = 96 * 1024
# One version's part: a text that was written anew does not push out the history before it.
MOST_VERSION_BYTES = 48 * 1024
# The event's headers and key, which count for Kafka's limit too.
_ROOM_BYTES = 4096

Paragraphs = tuple[tuple[TextPiece, ...], ...]


def next_history(before: Article, after: Article, history: Sequence[PublicVersion]) -> tuple[PublicVersion, ...]:
    """The history after a publication or correction; it fits into the event. `history` is the one of `before`.

    Comparing large texts takes up to a second: call it in a thread.
    """
    version = _version_of(before, after)
    kept = [_without_differences(known) for known in history] if version.kind == "republished" else history
    return bounded([*kept, version], min(MOST_BYTES, _room(after)))


def fitting_history(article: Article, history: Sequence[PublicVersion]) -> tuple[PublicVersion, ...]:
    """The same history, as much of it as the article's event has room for."""
    return bounded(history, min(MOST_BYTES, _room(article)))


def known_history(article: Article) -> tuple[PublicVersion, ...]:
    """The history of an article that was published before histories were kept: without differences.

    Only the number of the newest version is known; the others count up to it.
    """
    edition = article.edition
    if edition is None or article.published_at is None:
        return ()
    known = [PublicVersion(version=2, at=article.published_at, kind="published")]
    for number, correction in enumerate(article.corrections, 3):
        known.append(
            PublicVersion(version=number, at=correction.at, kind="corrected", note=correction.note, is_cut=True)
        )
    if edition.action == "publish" and edition.updated_at > known[-1].at:
        return (*known, PublicVersion(version=edition.version, at=edition.updated_at, kind="updated", is_cut=True))
    if edition.action != "withdraw":
        known[-1] = known[-1].model_copy(update={"version": edition.version})
    return tuple(known)


def bounded(history: Sequence[PublicVersion], most_bytes: int = MOST_BYTES) -> tuple[PublicVersion, ...]:
    """At most MOST_VERSIONS and `most_bytes` of JSON: the oldest differences go first, then the oldest versions.

    The first publication is the last one to go.
    """
    kept = list(history)
    if len(kept) > MOST_VERSIONS:
        kept = [kept[0], _cut(kept[1 - MOST_VERSIONS]), *kept[2 - MOST_VERSIONS :]]
    sizes = [_size(version) for version in kept]
    for index, version in enumerate(kept):
        if sum(sizes) > most_bytes and version.differences:
            kept[index] = _without_differences(version)
            sizes[index] = _size(kept[index])
    while kept and sum(sizes) > most_bytes:
        gone = min(1, len(kept) - 1)
        del kept[gone], sizes[gone]
    return tuple(kept)


def differences_of(old: Content, new: Content) -> tuple[FieldDifference, ...]:
    """The differences of two public texts, by field."""
    found = [(field, changes(_text(old, field), _text(new, field))) for field in _TEXTS]
    found += [(field, _replaced(_text(old, field), _text(new, field))) for field in _NAMES]
    return tuple(FieldDifference(field=field, paragraphs=paragraphs) for field, paragraphs in found if paragraphs)


def _version_of(before: Article, after: Article) -> PublicVersion:
    """The version that a publication or correction shows readers."""
    edition, former = after.edition, before.edition
    assert edition is not None
    if former is None:
        return PublicVersion(version=edition.version, at=edition.updated_at, kind="published")
    if before.status == "withdrawn":
        return PublicVersion(version=edition.version, at=edition.updated_at, kind="republished", is_cut=True)
    is_correction = edition.action == "correct"
    version = PublicVersion(
        version=edition.version,
        at=edition.updated_at,
        kind="corrected" if is_correction else "updated",
        note=after.corrections[-1].note if is_correction else "",
    )
    if not (former.content.history_public and edition.content.history_public):
        return _cut(version)
    return _with_differences(version, differences_of(former.content, edition.content))


def _with_differences(version: PublicVersion, differences: Sequence[FieldDifference]) -> PublicVersion:
    """The version with the first differences, as many paragraphs as MOST_VERSION_BYTES has room for."""
    room = MOST_VERSION_BYTES
    kept: list[FieldDifference] = []
    is_cut = False
    for difference in differences:
        paragraphs: list[tuple[TextPiece, ...]] = []
        for paragraph in difference.paragraphs:
            size = sum(len(piece.model_dump_json().encode()) + 1 for piece in paragraph)
            if size > room:
                is_cut = True
                continue
            room -= size
            paragraphs.append(paragraph)
        if paragraphs:
            kept.append(FieldDifference(field=difference.field, paragraphs=tuple(paragraphs)))
    return version.model_copy(update={"differences": tuple(kept), "is_cut": is_cut})


def _without_differences(version: PublicVersion) -> PublicVersion:
    return _cut(version).model_copy(update={"differences": ()}) if version.differences else version


def _cut(version: PublicVersion) -> PublicVersion:
    return version.model_copy(update={"is_cut": True})


def _size(version: PublicVersion) -> int:
    return len(version.model_dump_json().encode()) + 1


def _room(article: Article) -> int:
    """Bytes that the article's event leaves for a history."""
    event = event_of(article.model_copy(update={"history": ()}))
    return MAX_MESSAGE_BYTES - _ROOM_BYTES - (0 if event is None else len(event.model_dump_json().encode()))


def _text(content: Content, field: str) -> str:
    """A field as text: the entries of a list in one line, the parts of a picture as paragraphs."""
    value = getattr(content, field)
    if isinstance(value, Picture):
        # The address of a picture of the store changes with its credit; the folder does not.
        url = value.url if value.media is None else f"/media/{value.media.folder}"
        return SEPARATOR.join(part for part in (value.alt, value.caption, value.credit, url) if part)
    if isinstance(value, tuple):
        return ", ".join(value)
    return value or ""


def _replaced(old: str, new: str) -> Paragraphs:
    """The difference of two names: parts of a name mean nothing alone."""
    if old == new:
        return ()
    return ((TextPiece(kind="removed", text=old), TextPiece(kind="added", text=new)),)


_TEXTS: Sequence[str] = ("headline", "standfirst", "body_markdown", "bylines", "tags", "lead_image")
_NAMES: Sequence[str] = ("section", "slug", "language")

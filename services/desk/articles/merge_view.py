"""Two texts of one article side by side: a colleague's, which is stored, and mine. Pure; call it in a thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from services.desk.articles.copy import FIELDS, LISTS, PICTURE_FIELDS, sent_of, values_of
from shared.differences import SEPARATOR, ParagraphDifference, paragraphs
from shared.merging import Chunk, ChunkKind, merge, resolve

BODY = "body_markdown"
MERGED_FIELDS = (*(name for name in FIELDS if name != BODY), *LISTS, *(f"picture_{name}" for name in PICTURE_FIELDS))
BASE = "base_"
# Parts that a save needs. A text without them gets the other's.
_NEEDED = ("headline", "section", BODY)

Side = Literal["mine", "theirs", "both"]
Way = Literal["mine", "theirs", "merge"]
Values = Mapping[str, str]


@dataclass(frozen=True)
class FieldChoice:
    """A field that differs. `picked`: the side that alone changed it; empty when both did, or nobody knows."""

    name: str
    theirs: str
    mine: str
    differences: Sequence[ParagraphDifference]
    picked: str


@dataclass(frozen=True)
class PassageChoice:
    """A passage of the body. `picked` as in FieldChoice."""

    index: int
    kind: ChunkKind
    theirs: str
    mine: str
    differences: Sequence[ParagraphDifference]
    picked: str

    @property
    def is_changed(self) -> bool:
        """Whether the two texts differ here."""
        return self.kind not in ("unchanged", "agreed")


@dataclass(frozen=True)
class MergeView:
    """Both texts as form values, the fields that differ, and the body's passages."""

    theirs: Values
    mine: Values
    fields: Sequence[FieldChoice]
    passages: Sequence[PassageChoice]
    chunks: Sequence[Chunk]


def merge_view(theirs: Values, mine: Values, base: Values) -> MergeView:
    """Compare two texts that come from `base`; without a base, from what they have in common."""
    mine = {**mine, "slug": mine.get("slug") or theirs.get("slug", "")}
    texts = mine.get(BODY, ""), theirs.get(BODY, "")
    common = base[BODY] if BODY in base else _common(*texts)
    chunks = merge(common, *texts)
    fields = [
        _field(name, theirs.get(name, ""), mine.get(name, ""), base.get(name))
        for name in MERGED_FIELDS
        if theirs.get(name, "") != mine.get(name, "")
    ]
    passages = [_passage(index, chunk, is_known=BODY in base) for index, chunk in enumerate(chunks)]
    return MergeView(theirs, mine, fields, passages, chunks)


def field_differences(old: Values, new: Values) -> Sequence[FieldChoice]:
    """The fields of two texts that differ, the body last."""
    return [
        FieldChoice(name, old.get(name, ""), new.get(name, ""), paragraphs(old.get(name, ""), new.get(name, "")), "")
        for name in (*MERGED_FIELDS, BODY)
        if old.get(name, "") != new.get(name, "")
    ]


def merged(view: MergeView, choices: Values) -> Values | None:
    """The text that the choices make (`field-<name>`, `passage-<index>`); None while one is missing."""
    fields: dict[str, str] = {**view.theirs}
    for field in view.fields:
        side = choices.get(f"field-{field.name}") or field.picked
        if side not in ("mine", "theirs"):
            return None
        fields[field.name] = field.mine if side == "mine" else field.theirs
    picked = {passage.index: choices.get(f"passage-{passage.index}") for passage in view.passages}
    sides = {index: cast(Side, side) for index, side in picked.items() if side in ("mine", "theirs", "both")}
    if any(not passage.picked and passage.index not in sides and passage.is_changed for passage in view.passages):
        return None
    body = resolve(view.chunks, sides)
    return None if body is None else {**fields, BODY: body}


def saves_of(way: Way, view: MergeView, choices: Values, *, keeps_theirs: bool) -> Sequence[dict[str, object]] | None:
    """The saves that carry out a way out, in order; None while a choice is missing.

    A text that is not chosen is saved before the chosen one: it stays in the revisions. `keeps_theirs`: theirs has no
    revision yet.
    """
    chosen = {"mine": view.mine, "theirs": view.theirs, "merge": merged(view, choices)}[way]
    if chosen is None:
        return None
    before = [view.theirs] if keeps_theirs and way != "theirs" else []
    if way != "mine":
        before.append(view.mine)
    return [sent_of(_completed(values, view.theirs)) for values in (*before, chosen)]


def form_values(article: Mapping[str, object]) -> Values:
    """An article's text as form values."""
    return {name: text for name, text in values_of(article).items() if text}


def _completed(values: Values, other: Values) -> Values:
    # Texts about a picture need the picture.
    has_picture = any(values.get(f"picture_{name}", "").strip() for name in PICTURE_FIELDS)
    which = ("picture_media_id", "picture_url")
    lacks_one = has_picture and not any(values.get(name, "").strip() for name in which)
    missing = [name for name in _NEEDED if not values.get(name, "").strip()] + [*which] * lacks_one
    return {**values, **{name: other.get(name, "") for name in missing}}


def _common(mine: str, theirs: str) -> str:
    return SEPARATOR.join(part.new for part in paragraphs(theirs, mine) if part.kind == "same" and part.new is not None)


def _field(name: str, theirs: str, mine: str, base: str | None) -> FieldChoice:
    picked = "mine" if theirs == base else "theirs" if mine == base else ""
    return FieldChoice(name, theirs, mine, paragraphs(theirs, mine), picked)


def _passage(index: int, chunk: Chunk, *, is_known: bool) -> PassageChoice:
    """Without a known base, a paragraph of one text alone is a choice: one side added it, or the other took it away."""
    theirs, mine = SEPARATOR.join(chunk.theirs), SEPARATOR.join(chunk.mine)
    picked = chunk.kind if is_known and chunk.kind in ("mine", "theirs") else ""
    return PassageChoice(index, chunk.kind, theirs, mine, paragraphs(theirs, mine), picked)

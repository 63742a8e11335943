"""Differences of two versions of an article, field by field: as readers see the text, or as it was typed. Pure, but slow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.desk.articles.copy import PICTURE_FIELDS, own_picture
from services.desk.articles.html_blocks import BlockKind, TextBlock, blocks_of
from shared.differences import SEPARATOR, ParagraphDifference, paragraphs

Mode = Literal["rendered", "raw"]
BODY = "body_markdown"
# Fields of one line, in the order of the page. Lists are shown with commas.
_LINES = ("headline", "standfirst", "section", "slug", "language", "tags", "bylines")
# Paragraphs around a change that stay in sight; a fold of fewer than three would save nothing.
_AROUND = 1
_LEAST_FOLD = 3


@dataclass(frozen=True)
class VersionText:
    """A version's fields as text. `body` is Markdown, `html` what readers see of it."""

    version: int
    lines: Mapping[str, str]
    body: str
    html: str


@dataclass(frozen=True)
class Passage:
    """A paragraph with its difference, and its kind of block."""

    difference: ParagraphDifference
    block: BlockKind = "p"


@dataclass(frozen=True)
class Run:
    """Neighbouring paragraphs. `is_folded`: nothing changed near them."""

    passages: tuple[Passage, ...]
    is_folded: bool


@dataclass(frozen=True)
class FieldChange:
    """A changed field and its paragraphs."""

    field: str
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Comparison:
    """All changed fields and the names of the others. `only_markup`: the body differs in nothing that the rendered text shows."""

    changes: tuple[FieldChange, ...]
    unchanged: tuple[str, ...]
    only_markup: bool


def version_text(version: int, content: Mapping[str, object], html: str) -> VersionText:
    """The text of a revision's content, or of a working copy."""
    picture = content.get("lead_image")
    found = {name: _line(content.get(name)) for name in _LINES}
    own = own_picture(picture) if isinstance(picture, Mapping) else {}
    found |= {f"picture_{name}": _line(own.get(name)) for name in PICTURE_FIELDS}
    return VersionText(version, found, str(content.get(BODY) or ""), html)


def compare(old: VersionText, new: VersionText, mode: Mode) -> Comparison:
    """The differences of two versions. Takes up to half a second: run it in a thread."""
    names = [*list(_LINES)[:2], BODY, *list(_LINES)[2:], *(f"picture_{name}" for name in PICTURE_FIELDS)]
    changed: list[FieldChange] = []
    for name in names:
        passages = list(_body(old, new, mode) if name == BODY else _plain(old.lines[name], new.lines[name]))
        if any(passage.difference.kind != "same" for passage in passages):
            changed.append(FieldChange(name, tuple(_fold(passages))))
    shown = {change.field for change in changed}
    return Comparison(
        tuple(changed),
        tuple(name for name in names if name not in shown and (name == BODY or old.lines[name])),
        only_markup=BODY not in shown and old.body.strip() != new.body.strip(),
    )


def _plain(old: str, new: str) -> Iterator[Passage]:
    if old or new:
        yield from (Passage(difference) for difference in paragraphs(old, new))


def _body(old: VersionText, new: VersionText, mode: Mode) -> Iterator[Passage]:
    if mode == "raw":
        yield from (Passage(difference, "pre") for difference in paragraphs(old.body, new.body))
        return
    before, after = blocks_of(old.html), blocks_of(new.html)
    at_old = at_new = 0
    for difference in paragraphs(_joined(before), _joined(after)):
        block = _block(after, at_new) if difference.new is not None else _block(before, at_old)
        yield Passage(difference, block)
        at_old += difference.old is not None
        at_new += difference.new is not None


def _joined(blocks: Sequence[TextBlock]) -> str:
    return SEPARATOR.join(block.text for block in blocks)


def _block(blocks: Sequence[TextBlock], index: int) -> BlockKind:
    # An empty text is one empty paragraph without a block.
    return blocks[index].kind if index < len(blocks) else "p"


def _fold(passages: Sequence[Passage]) -> Iterator[Run]:
    """The passages in runs: those near a change in sight, long unchanged ones folded."""
    changed = [index for index, passage in enumerate(passages) if passage.difference.kind != "same"]
    near = {index + step for index in changed for step in range(-_AROUND, _AROUND + 1)}
    start = 0
    for index in range(1, len(passages) + 1):
        if index == len(passages) or (index in near) != (start in near):
            run = tuple(passages[start:index])
            yield Run(run, start not in near and len(run) >= _LEAST_FOLD)
            start = index


def _line(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value)

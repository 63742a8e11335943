"""Reads the edition's articles: TOML front matter between `+++` lines, then Markdown; comments in separate TOML files."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

FOLDER = Path(__file__).parent
ARTICLES = FOLDER / "articles"
COMMENTS = FOLDER / "comments"
PICTURES = FOLDER / "pictures"
CREDIT = "Illustration: World Monitor"

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class EditionError(Exception):
    """The edition cannot be loaded. The message names the file and the field, or the call."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Picture(_Strict):
    """The scene to draw, and the picture's texts."""

    scene: Line
    seed: int
    ground: Annotated[str, StringConstraints(pattern="^(paper|night|hue)$")]
    alt: Line
    caption: Line
    credit: Line = CREDIT


class Correction(_Strict):
    """The article is first published with `was` in place of `now`, then corrected with the note."""

    note: Line
    was: Line
    now: Line


class Comment(_Strict):
    """A reader's comment. `held` leaves it in the moderators' queue."""

    name: Annotated[Line, Field(max_length=80)]
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@example\.org$")]
    body: Annotated[Line, Field(max_length=4000)]
    held: bool = False
    replies: tuple["Comment", ...] = ()


class Article(_Strict):
    """One article of the edition. Its slug is its file's name; its age counts back from the time of loading."""

    slug: Annotated[str, StringConstraints(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
    headline: Annotated[Line, Field(max_length=200)]
    section: Line
    standfirst: Annotated[Line, Field(max_length=400)]
    bylines: Annotated[tuple[Line, ...], Field(min_length=1)]
    tags: Annotated[tuple[Line, ...], Field(min_length=1)]
    age: Annotated[str, StringConstraints(pattern="^[1-9][0-9]*[mhd]$")]
    language: str = "en"
    picture: Picture | None = None
    correction: Correction | None = None
    body: Line
    comments: tuple[Comment, ...] = ()

    @model_validator(mode="after")
    def _correction_must_be_visible(self) -> "Article":
        if self.correction and self.body.count(self.correction.now) != 1:
            raise ValueError("correction.now must occur exactly once in the text")
        return self

    @property
    def path(self) -> str:
        return f"/{self.section}/{self.slug}"

    @property
    def picture_file(self) -> Path:
        """The picture's original, which `deploy/edition/pictures.py` draws."""
        return PICTURES / f"{self.slug}.jpg"


def age_of(article: Article) -> timedelta:
    """The article's age at the time of loading."""
    return int(article.age[:-1]) * _UNITS[article.age[-1]]


def parse_article(name: str, text: str, comments: str = "") -> Article:
    """Parse an article's file and its comments' file. Raises EditionError that names the file and the field."""
    match = re.fullmatch(r"\+\+\+\n(.*?)\n\+\+\+\n(.*)", text, re.S)
    if match is None:
        raise EditionError(f"{name}.md: the front matter must be between two lines of +++")
    front = _toml(f"{name}.md", match[1])
    talk = _toml(f"{name}.toml", comments).get("comments", [])
    try:
        return Article.model_validate({**front, "slug": name, "body": match[2].strip(), "comments": talk})
    except ValidationError as error:
        raise EditionError(_explained(name, error)) from error


def _toml(file: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EditionError(f"{file}: {error}") from error


def _explained(name: str, error: ValidationError) -> str:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "correction"
    return f"{name}.{'toml' if field.startswith('comments') else 'md'}: {field}: {first['msg']}"


def read_edition(articles: Path = ARTICLES, comments: Path = COMMENTS) -> list[Article]:
    """All articles with their comments, by slug. Comments without an article are an error."""
    found = [_read_one(path, comments / f"{path.stem}.toml") for path in sorted(articles.glob("*.md"))]
    orphans = {path.stem for path in comments.glob("*.toml")} - {article.slug for article in found}
    if orphans:
        raise EditionError(f"comments without an article: {', '.join(sorted(orphans))}")
    return found


def _read_one(article: Path, comments: Path) -> Article:
    talk = comments.read_text("utf-8") if comments.exists() else ""
    return parse_article(article.stem, article.read_text("utf-8"), talk)

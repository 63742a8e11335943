"""A picture of media as the desk's pages show it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.desk.visit import moment_of
from shared.pictures import Shape, parse_variant_name

# The shapes that readers and search engines get, as pages name them: `media.crop_<shape>` in the words.
CROPS: Sequence[Shape] = ("16x9", "3x2", "4x3", "1x1")
# A tile is at most 15 rem wide, on screens of two device pixels for one.
_TILE_WIDTH = 480
_LARGE_WIDTH = 960


@dataclass(frozen=True)
class ShownFile:
    """A file of a picture: its address and its size in pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True)
class PictureUse:
    """An article that uses a picture."""

    article_id: str
    headline: str
    status: str
    is_lead: bool


@dataclass(frozen=True)
class LibraryPicture:
    """A picture. `tile` and `large` show all of it; `crops` are by shape. `uses` is None where media did not say."""

    id: str
    version: int
    file_name: str
    width: int
    height: int
    size_bytes: int
    alt: str
    caption: str
    credit: str
    is_decorative: bool
    focal_x: float
    focal_y: float
    created_at: datetime | None
    tile: ShownFile
    large: ShownFile
    crops: Mapping[str, ShownFile]
    uses: Sequence[PictureUse] | None

    @property
    def name(self) -> str:
        """What people call it: its alt text, else its file's name."""
        return self.alt or self.file_name or self.id

    @property
    def lacks_alt(self) -> bool:
        """Whether nobody said yet what it shows, nor that it shows nothing."""
        return not self.alt and not self.is_decorative


def picture_of(found: Mapping[str, object]) -> LibraryPicture:
    """The picture in an answer of media."""
    focal = _mapping(found.get("focal_point"))
    whole = _whole(found)
    return LibraryPicture(
        id=str(found["id"]),
        version=int(str(found.get("version") or 0)),
        file_name=str(found.get("file_name") or ""),
        width=_number(found.get("width")),
        height=_number(found.get("height")),
        size_bytes=_number(found.get("size_bytes")),
        alt=str(found.get("alt") or ""),
        caption=str(found.get("caption") or ""),
        credit=str(found.get("credit") or ""),
        is_decorative=found.get("decorative") is True,
        focal_x=_fraction(focal.get("x")),
        focal_y=_fraction(focal.get("y")),
        created_at=moment_of(found.get("created_at")),
        tile=_of_width(whole, _TILE_WIDTH),
        large=_of_width(whole, _LARGE_WIDTH),
        crops={shape: _file(crop) for shape, crop in _mapping(found.get("crops")).items() if isinstance(crop, Mapping)},
        uses=_uses(found.get("used_by")),
    )


def _whole(found: Mapping[str, object]) -> Sequence[ShownFile]:
    """Files that show all of the picture: WebP variants, narrowest first, and the original last."""
    named = [_file(one) for one in _mappings(found.get("variants")) if _is_whole(str(one.get("url")))]
    return [*sorted(named, key=lambda file: file.width), _file(found)]


def _is_whole(url: str) -> bool:
    name = parse_variant_name(url.rpartition("/")[2])
    return name is not None and (name.shape, name.format) == ("full", "webp")


def _of_width(files: Sequence[ShownFile], width: int) -> ShownFile:
    return next((file for file in files if file.width >= width), files[-1] if len(files) == 1 else files[-2])


def _file(found: Mapping[str, object]) -> ShownFile:
    return ShownFile(str(found.get("url") or ""), _number(found.get("width")), _number(found.get("height")))


def _uses(found: object) -> Sequence[PictureUse] | None:
    if not isinstance(found, list):
        return None
    return [
        PictureUse(
            str(one.get("article_id") or ""),
            str(one.get("headline") or ""),
            str(one.get("status") or ""),
            one.get("lead") is True,
        )
        for one in _mappings(found)
    ]


def _mappings(found: object) -> Iterable[Mapping[str, object]]:
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _mapping(found: object) -> Mapping[str, object]:
    return found if isinstance(found, Mapping) else {}


def _number(found: object) -> int:
    return found if isinstance(found, int) else 0


def _fraction(found: object) -> float:
    return float(found) if isinstance(found, int | float) else 0.5

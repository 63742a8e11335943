"""What a form about a picture changes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.desk.media.pictures import LibraryPicture

TEXTS = ("alt", "caption", "credit")
_PLACES = ("focal_x", "focal_y")


def values_of(picture: LibraryPicture) -> dict[str, str]:
    """The picture as its form shows it. The focal point is in whole percent."""
    return {
        "alt": picture.alt,
        "caption": picture.caption,
        "credit": picture.credit,
        "decorative": "true" if picture.is_decorative else "",
        "focal_x": str(round(picture.focal_x * 100)),
        "focal_y": str(round(picture.focal_y * 100)),
        "version": str(picture.version),
    }


def changes_of(picture: LibraryPicture, values: Mapping[str, str]) -> dict[str, object]:
    """The fields that the form changes, as media takes them.

    A focal point that shows the same percent is left alone: another one makes every variant anew.
    """
    shown = values_of(picture)
    changes: dict[str, object] = {
        name: values.get(name, "").strip() for name in TEXTS if values.get(name, "").strip() != shown[name]
    }
    if values.get("decorative", "") != shown["decorative"]:
        changes["decorative"] = values.get("decorative") == "true"
    if any(values.get(name, shown[name]) != shown[name] for name in _PLACES):
        x, y = (percent(values.get(name, shown[name])) for name in _PLACES)
        changes["focal_point"] = {"x": x, "y": y}
    return changes


def percent(text: str) -> float:
    """A percentage as a fraction, within 0 to 1; the middle for a text that is none."""
    return min(100, int(text)) / 100 if text.isascii() and text.isdigit() and len(text) < 6 else 0.5


@dataclass(frozen=True)
class Overtaken:
    """A text that a colleague changed while a form was open: its name and what is stored now."""

    name: str
    stored: str


def overtaken(picture: LibraryPicture, values: Mapping[str, str]) -> list[Overtaken]:
    """The texts of a form that differ from the picture as it is stored."""
    shown = values_of(picture)
    return [Overtaken(name, shown[name]) for name in TEXTS if values.get(name, "").strip() != shown[name]]

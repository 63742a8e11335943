"""Interface texts by key, from one TOML file a language, and facts about languages."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from babel import Locale, UnknownLocaleError


def primary(code: str) -> str:
    """The language without region or script: `ar` of `ar-EG`."""
    return code.partition("-")[0].lower()


@lru_cache(maxsize=256)
def direction(code: str) -> str:
    """`rtl` or `ltr`, for HTML's `dir`. Unknown languages are `ltr`."""
    try:
        return Locale.parse(code, sep="-").text_direction
    except (UnknownLocaleError, ValueError):
        return "ltr"


def read_words(path: Path) -> dict[str, str]:
    """The texts of a TOML file; keys of nested tables are joined by dots."""
    return _flat(tomllib.loads(path.read_text("utf-8")))


def _flat(table: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    words: dict[str, str] = {}
    for key, value in table.items():
        words |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": str(value)}
    return words

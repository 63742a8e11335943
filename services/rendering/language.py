"""The languages that our own words exist in, with their dates and plurals by CLDR (Babel)."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from babel import Locale
from babel.dates import get_month_names

DIRECTORY = Path(__file__).with_name("templates") / "words"

# Scripts that run from right to left, by the languages written in them (Unicode CLDR, characterOrder).
RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})


def primary(code: str) -> str:
    """The language itself, without region or script: `ar` of `ar-EG`."""
    return code.partition("-")[0].lower()


def direction(code: str) -> str:
    """`rtl` or `ltr`, as HTML's `dir` wants it."""
    return "rtl" if primary(code) in RIGHT_TO_LEFT else "ltr"


class Language:
    """One language of the chrome: words by key, and how it writes numbers and times (always UTC)."""

    def __init__(self, code: str, words: Mapping[str, str]) -> None:
        self.code = code
        self.dir = direction(code)
        self._words = words
        self._locale = Locale.parse(code, sep="-")
        self._months = get_month_names("wide", locale=self._locale)
        self._digits = str.maketrans("0123456789", words["format.digits"])

    def say(self, key: str, **values: str) -> str:
        """The words for a key, with values put in; KeyError where they are missing."""
        return self._words[key].format(**values)

    def count(self, key: str, number: int) -> str:
        """A counted noun in the right plural: keys are `<key>.one`, `<key>.few`, ... and `<key>.other`."""
        form = f"{key}.{self._locale.plural_form(number)}"
        return self._words.get(form, self._words[f"{key}.other"]).format(number=self.number(number))

    def phrases(self, prefix: str) -> dict[str, str]:
        """All words whose keys begin so, by the rest of the key, unfilled: for the script to choose from."""
        return {key.removeprefix(prefix): words for key, words in self._words.items() if key.startswith(prefix)}

    def number(self, value: int) -> str:
        """A whole number with its grouping and its digits."""
        return f"{value:,}".replace(",", self._words["format.grouping"]).translate(self._digits)

    def year(self, value: int) -> str:
        """A year with its digits."""
        return str(value).translate(self._digits)

    def date(self, moment: datetime) -> str:
        """A day, as in `8 February 2024`."""
        return self._written("format.date", moment)

    def moment(self, moment: datetime) -> str:
        """A day and the time of day."""
        return self._written("format.moment", moment)

    def time(self, moment: datetime) -> str:
        """The time of day, as in `14:05`."""
        return f"{moment:%H:%M}".translate(self._digits)

    # By hand: Babel's own formatting takes 0.2 ms a date, and a front page has fifty.
    def _written(self, key: str, moment: datetime) -> str:
        month = self._months[moment.month]
        text = self.say(key, day=str(moment.day), month=month, year=str(moment.year), time=f"{moment:%H:%M}")
        return text.translate(self._digits)


class Languages:
    """All languages of the chrome, one TOML file of words each."""

    def __init__(self, site_language: str) -> None:
        self._by_code = {path.stem: Language(path.stem, _words(path)) for path in sorted(DIRECTORY.glob("*.toml"))}
        self.of_site = self._by_code[primary(site_language)]

    @property
    def codes(self) -> frozenset[str]:
        """All of them."""
        return frozenset(self._by_code)

    def of_page(self, code: str) -> Language:
        """The language for a page in `code`: its own where it is translated, the site's where not."""
        return self._by_code.get(primary(code), self.of_site)


def _words(path: Path) -> dict[str, str]:
    return _flat(tomllib.loads(path.read_text("utf-8")))


def _flat(table: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    words: dict[str, str] = {}
    for key, value in table.items():
        words |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": str(value)}
    return words

"""Languages of the chrome (the words around articles), with dates and plurals by CLDR (Babel)."""

import datetime as dt
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from babel import Locale
from babel.dates import get_day_names, get_month_names

from shared.site.words import direction, primary, read_words
from shared.text import close_marks

DIRECTORY = Path(__file__).with_name("templates") / "words"

# Babel's days start on Monday; JavaScript's `getDay` starts on Sunday.
_FROM_SUNDAY = (6, 0, 1, 2, 3, 4, 5)
# Units of an age in the script (`static/site.js`): the largest that fits, rounded down.
AGES = ("minute", "hour", "day", "month", "year")
# Size of the script's table of plural forms. From 200 on, plural rules look at the last two digits only.
PLURAL_FORMS = 200


class Language:
    """One language of the chrome: words by key, and its form of numbers and times (always UTC).

    `calendar` is the same for the script, as JSON.
    """

    def __init__(self, code: str, words: Mapping[str, str]) -> None:
        self.code = code
        self.dir = direction(code)
        self._words = words
        self._locale = Locale.parse(code, sep="-")
        self._months = get_month_names("wide", locale=self._locale)
        self._digits = str.maketrans("0123456789", words["format.digits"])
        self.calendar = self._calendar()

    def text(self, key: str, **values: str) -> str:
        """The words for a key with its placeholders filled. KeyError where they are missing."""
        return self._words[key].format(**{name: close_marks(value) for name, value in values.items()})

    def count(self, key: str, number: int) -> str:
        """A counted noun in the right plural form: keys are `<key>.one`, `<key>.few`, ... and `<key>.other`."""
        return self._form(key, self._locale.plural_form(number)).format(number=self.number(number))

    def older_than(self, years: int) -> str:
        """The notice on an article of so many years; up to ten are written in words."""
        written = self._words.get(f"years.{years}")
        return self.text("old", years=written or self.count("years", years))

    def field(self, name: str) -> str:
        """The name of an article's field in its history."""
        return self._words.get(f"history.field.{name}") or self._words["history.field.other"]

    def phrases(self, prefix: str) -> dict[str, str]:
        """All words under a prefix, by the rest of their key, placeholders unfilled: the script chooses from them."""
        return {key.removeprefix(prefix): words for key, words in self._words.items() if key.startswith(prefix)}

    def _calendar(self) -> Mapping[str, object]:
        """Formats of dates, ages and numbers for the script.

        Browsers have `Intl`, but its first use takes a phone a tenth of a second.
        `plurals` has one digit for each number below PLURAL_FORMS: the index of its form in each of `ages`.
        """
        plurals = [self._locale.plural_form(number) for number in range(PLURAL_FORMS)]
        forms = sorted(set(plurals))
        days = get_day_names("wide", locale=self._locale)
        return {
            "digits": self._words["format.digits"],
            "grouping": self._words["format.grouping"],
            "today": self._words["format.today"],
            "weekdays": [days[day] for day in _FROM_SUNDAY],
            "months": [self._months[month] for month in range(1, 13)],
            "now": self._words["age.now"],
            "ages": {unit: [self._form(f"age.{unit}", form) for form in forms] for unit in AGES},
            "plurals": "".join(str(forms.index(form)) for form in plurals),
        }

    def _form(self, key: str, form: str) -> str:
        return self._words.get(f"{key}.{form}", self._words[f"{key}.other"])

    def number(self, value: int) -> str:
        """A whole number in the language's grouping and digits."""
        return f"{value:,}".replace(",", self._words["format.grouping"]).translate(self._digits)

    def year(self, value: int) -> str:
        """A year in the language's digits, without grouping."""
        return str(value).translate(self._digits)

    def date(self, moment: dt.date) -> str:
        """A day, as in `8 February 2024`."""
        return self._formatted("format.date", moment)

    def moment(self, moment: datetime) -> str:
        """A day and the time of day."""
        return self._formatted("format.moment", moment)

    def time(self, moment: datetime) -> str:
        """The time of day, as in `14:05`."""
        return f"{moment:%H:%M}".translate(self._digits)

    # Without Babel, which takes 0.2 ms a date: a front page has fifty.
    def _formatted(self, key: str, moment: dt.date) -> str:
        month = self._months[moment.month]
        text = self.text(key, day=str(moment.day), month=month, year=str(moment.year), time=f"{moment:%H:%M}")
        return text.translate(self._digits)


class Languages:
    """All languages of the chrome: one TOML file of words for each."""

    def __init__(self, site_language: str) -> None:
        self._by_code = {path.stem: _language(path) for path in sorted(DIRECTORY.glob("*.toml"))}
        self.of_site = self._by_code[primary(site_language)]

    @property
    def codes(self) -> frozenset[str]:
        """Their codes."""
        return frozenset(self._by_code)

    def of_page(self, code: str) -> Language:
        """The chrome's language on a page in `code`: the same where it is translated, else the site's."""
        return self._by_code.get(primary(code), self.of_site)


@cache
def _language(path: Path) -> Language:
    return Language(path.stem, read_words(path))

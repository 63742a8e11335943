"""Texts of the desk in a person's language, and times in the newsroom's zone."""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date, format_datetime, format_time, get_timezone_location

from shared.site.words import direction, primary, read_words
from shared.text import close_marks

DIRECTORY = Path(__file__).with_name("templates") / "words"
# Extension of a language tag (BCP 47): the Gregorian calendar, Arabic-Indic digits.
# Browsers differ in what they take for `ar` without it.
ARABIC_DIGITS = "-u-ca-gregory-nu-arab"


class Words:
    """One language of the desk. `zone` is the newsroom's time zone."""

    def __init__(self, code: str, texts: Mapping[str, str], zone: tzinfo) -> None:
        self.code = code
        self.dir = direction(code)
        self.zone = zone
        self._texts = texts
        self._locale = Locale.parse(code, sep="-")
        self._digits = str.maketrans("0123456789", texts["format.digits"])

    def text(self, key: str, **values: object) -> str:
        """The text for a key with its placeholders filled. KeyError where it is missing."""
        filled = {name: close_marks(value) if isinstance(value, str) else value for name, value in values.items()}
        return self._texts[key].format(**filled)

    def has(self, key: str) -> bool:
        """Whether there is a text for the key."""
        return key in self._texts

    def count(self, key: str, number: int) -> str:
        """A counted noun in the right plural form: keys are `<key>.one`, `<key>.few`, ... and `<key>.other`."""
        form = self._locale.plural_form(number)
        return self._texts.get(f"{key}.{form}", self._texts[f"{key}.other"]).format(number=self.number(number))

    def under(self, prefix: str) -> dict[str, str]:
        """All texts under a prefix, by the rest of their key, placeholders unfilled: for scripts."""
        return {key.removeprefix(prefix): text for key, text in self._texts.items() if key.startswith(prefix)}

    def number(self, value: int) -> str:
        """A whole number in the language's digits."""
        return f"{value:,}".replace(",", self._texts["format.grouping"]).translate(self._digits)

    def signed(self, value: int) -> str:
        """A whole number with its sign, as in `+12` and `−120`."""
        return f"{'−' if value < 0 else '+'}{self.number(abs(value))}"

    def file_size(self, size_bytes: int) -> str:
        """A file's size in the unit that people use, as in `2.4 MB`; a megabyte is 2**20 bytes, as in the limits."""
        if size_bytes < 1024 * 1024:
            return self.text("format.kb", number=self.number(max(1, round(size_bytes / 1024))))
        tenths = round(size_bytes * 10 / (1024 * 1024))
        whole, tenth = self.number(tenths // 10), self.number(tenths % 10)
        shown = whole if tenths % 10 == 0 or tenths >= 1000 else f"{whole}{self._texts['format.decimal']}{tenth}"
        return self.text("format.mb", number=shown)

    def moment(self, moment: datetime) -> str:
        """A day and a time in the newsroom's zone, as in `8 Feb 2026, 14:05`."""
        local, comma = moment.astimezone(self.zone), self._texts["format.comma"]
        return self._localized(format_datetime(local, f"d MMM y'{comma}'HH:mm", locale=self._locale))

    def time(self, moment: datetime) -> str:
        """A time of day in the newsroom's zone."""
        return self._localized(format_time(moment.astimezone(self.zone), "HH:mm", locale=self._locale))

    def day(self, day: date) -> str:
        """A day, as in `Sunday 8 February 2026`."""
        return self._localized(format_date(day, "EEEE d MMMM y", locale=self._locale))

    def month(self, day: date) -> str:
        """A month, as in `February 2026`."""
        return self._localized(format_date(day, "LLLL y", locale=self._locale))

    def short_day(self, day: date) -> str:
        """A day in short, as in `8 Feb 2026`."""
        return self._day(day, "d MMM y")

    def day_in_year(self, day: date) -> str:
        """A day without its year, as in `8 Feb`."""
        return self._day(day, "d MMM")

    def weekday_and_day(self, day: date) -> str:
        """A day of the week with its date in short, as in `Sun 8 Feb 2026`."""
        return self._day(day, "EEE d MMM y")

    def weekday(self, day: date) -> str:
        """The name of a day of the week."""
        return format_date(day, "EEEE", locale=self._locale)

    def clock(self, moment: datetime) -> str:
        """A time of day in the newsroom's zone for a form field, as in `14:05`."""
        return moment.astimezone(self.zone).strftime("%H:%M")

    @property
    def first_weekday(self) -> int:
        """The first day of the week in the newsroom's country: 0 is Monday, which it also is where there is no country."""
        territory = get_global("zone_territories").get(self.zone_key)
        try:
            return 0 if territory is None else Locale.parse(f"und_{territory}").first_week_day
        except UnknownLocaleError:
            return 0

    @property
    def locale_tag(self) -> str:
        """The language with its digits, as scripts format times and numbers."""
        # The pages write days before months in English as well.
        code = "en-GB" if self.code == "en" else self.code
        return code + (ARABIC_DIGITS if "٠" in self._texts["format.digits"] else "")

    @property
    def zone_name(self) -> str:
        """The newsroom's zone by its city, as in `Riyadh`."""
        if "/" not in self.zone_key:
            return self.zone_key
        return get_timezone_location(self.zone_key, locale=self._locale, return_city=True)

    @property
    def zone_key(self) -> str:
        """The newsroom's zone as programs name it, as in `Asia/Riyadh`."""
        return str(self.zone)

    def language(self, code: str) -> str:
        """A language's name; the code itself when it has none."""
        try:
            return Locale.parse(code, sep="-").get_display_name(self._locale) or code
        except (UnknownLocaleError, ValueError):
            return code

    def _day(self, day: date, pattern: str) -> str:
        plain = day.date() if isinstance(day, datetime) else day
        return self._localized(_formatted(plain, pattern, self.code))

    def _localized(self, text: str) -> str:
        return text.translate(self._digits)


class Languages:
    """The desk's languages. A person's own comes first, then the newsroom's, then English."""

    def __init__(self, newsroom: str, zone: tzinfo) -> None:
        self._by_code = {path.stem: Words(path.stem, _texts(path), zone) for path in sorted(DIRECTORY.glob("*.toml"))}
        self._usual = self._by_code.get(primary(newsroom), self._by_code["en"])

    def choose(self, code: str | None) -> Words:
        """The words for a person's language; None is the newsroom's."""
        return self._by_code.get(primary(code or ""), self._usual)


# A page of numbers has hundreds of days, each a millisecond of Babel's on a slow machine; the next page has the same ones.
@lru_cache(maxsize=4096)
def _formatted(day: date, pattern: str, code: str) -> str:
    return format_date(day, pattern, locale=Locale.parse(code, sep="-"))


@cache
def _texts(path: Path) -> Mapping[str, str]:
    return read_words(path)

"""Texts of the desk: the same keys in every language, and times in the newsroom's zone."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.desk.templates import DIRECTORY as TEMPLATES
from services.desk.words import DIRECTORY, Languages
from shared.site.words import read_words

PLURALS = {"zero", "one", "two", "few", "many", "other"}
RIYADH = ZoneInfo("Asia/Riyadh")


def keys_of(language: str) -> set[str]:
    found = read_words(DIRECTORY / f"{language}.toml")
    return {key.rpartition(".")[0] if key.rpartition(".")[2] in PLURALS else key for key in found}


def test_languages_have_the_same_keys() -> None:
    assert keys_of("ar") == keys_of("en")


def test_placeholders_agree_between_languages() -> None:
    english, arabic = (read_words(DIRECTORY / f"{code}.toml") for code in ("en", "ar"))

    for key, text in arabic.items():
        if key in english and key.rpartition(".")[2] not in PLURALS:
            assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", english[key])), key


def test_every_text_that_a_template_names_exists() -> None:
    keys = keys_of("en")
    for path in TEMPLATES.rglob("*.html"):
        for key in re.findall(r"""words\.(?:text|count)\("([a-z_.]+)"[),]""", path.read_text("utf-8")):
            assert key in keys, f"{path.name}: {key}"


def test_times_are_in_the_newsrooms_zone_and_digits() -> None:
    moment = datetime(2026, 2, 8, 21, 5, tzinfo=UTC)
    languages = Languages("en", RIYADH)

    assert languages.choose(None).moment(moment) == "9 Feb 2026, 00:05"
    assert languages.choose("ar").time(moment) == "٠٠:٠٥"


def test_language_of_a_person_comes_before_the_newsrooms() -> None:
    languages = Languages("ar-SA", RIYADH)

    assert (languages.choose("en").code, languages.choose(None).code, languages.choose("fr").code) == ("en", "ar", "ar")

"""The chrome's words are complete in every language; the site file is checked when it is read."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.rendering.pages.language import DIRECTORY, Languages
from services.rendering.pages.static_pages import load_static_pages
from shared.errors import SettingsError
from shared.site.site import SHIPPED, load_site
from shared.site.words import direction, read_words

PLURAL = re.compile(r"\.(zero|one|two|few|many|other)$")
LANGUAGES = Languages("en")


def test_languages_have_same_keys_and_placeholders() -> None:
    english = read_words(DIRECTORY / "en.toml")
    arabic = read_words(DIRECTORY / "ar.toml")

    assert {PLURAL.sub("", key) for key in english} == {PLURAL.sub("", key) for key in arabic}
    for key in english.keys() & arabic.keys():
        if not PLURAL.search(key):
            assert set(re.findall(r"\{\w+\}", english[key])) == set(re.findall(r"\{\w+\}", arabic[key])), key


def test_words_used_by_templates_exist() -> None:
    words = read_words(DIRECTORY / "en.toml")
    templates = "".join(path.read_text("utf-8") for path in DIRECTORY.parent.rglob("*.html"))

    asked = set(re.findall(r'lang\.text\("([\w.]+)"[,)]', templates))

    assert asked
    assert asked <= words.keys()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "تعليق واحد"),
        (2, "تعليقان"),
        (3, "٣ تعليقات"),
        (11, "١١ تعليقًا"),
        (100, "١٠٠ تعليق"),
        (1234, "١٬٢٣٤ تعليقًا"),
    ],
)
def test_arabic_has_six_plural_forms(number: int, words: str) -> None:
    assert LANGUAGES.of_page("ar").count("comments", number) == words


def test_english_has_two_plural_forms() -> None:
    english = LANGUAGES.of_page("en-GB")

    assert english.count("comments", 1) == "1 comment"
    assert english.count("comments", 1234) == "1,234 comments"


def test_dates_follow_the_language() -> None:
    moment = datetime(2024, 2, 8, 14, 5, tzinfo=UTC)

    assert LANGUAGES.of_page("en").moment(moment) == "8 February 2024, 14:05"
    assert LANGUAGES.of_page("ar-EG").date(moment) == "٨ فبراير ٢٠٢٤"


def test_calendar_for_script_has_plurals_ages_and_dates() -> None:
    english, arabic = LANGUAGES.of_page("en").calendar, LANGUAGES.of_page("ar").calendar

    assert english["plurals"] == "10" + "1" * 198
    assert english["ages"]["hour"] == ["{number} hour ago", "{number} hours ago"]  # type: ignore[index]
    assert (english["weekdays"][0], english["months"][11]) == ("Sunday", "December")  # type: ignore[index]
    # few, many, one, other, two, zero
    assert str(arabic["plurals"])[:13] == "5240000000011"
    assert str(arabic["plurals"])[100:105] == "33300"
    assert arabic["ages"]["day"][4] == "قبل يومين"  # type: ignore[index]
    assert (arabic["weekdays"][0], arabic["months"][1]) == ("الأحد", "فبراير")  # type: ignore[index]


def test_unknown_language_falls_back_to_site_language() -> None:
    assert LANGUAGES.of_page("fr").code == "en"
    assert LANGUAGES.of_page("").code == "en"


@pytest.mark.parametrize(("code", "dir"), [("ar", "rtl"), ("AR-eg", "rtl"), ("fa", "rtl"), ("en", "ltr"), ("", "ltr")])
def test_direction_follows_the_script(code: str, dir: str) -> None:
    assert direction(code) == dir


def test_static_pages_have_path_title_and_text() -> None:
    shipped = load_static_pages()

    assert set(shipped) == {"/about", "/contact", "/privacy"}
    assert shipped["/privacy"].title == "Privacy"
    assert all(page.body_html.startswith("<p>") for page in shipped.values())


def test_shipped_site_has_the_sections_of_the_contract() -> None:
    site = load_site(None)

    slugs = [section.slug for section in site.sections]
    assert slugs == ["middle-east", "africa", "world", "economy", "sports", "climate", "technology", "crypto"]
    assert all("ar" in section.names for section in site.sections)


def test_own_site_file_replaces_the_shipped_one(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text(SHIPPED.read_text("utf-8").replace('name = "World Monitor"', 'name = "The Heron"'), "utf-8")

    assert load_site(file).name == "The Heron"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("since = 2023", "since = 2023\nsicne = 2023"),
        ("tagline =", "other ="),
        ('slug = "africa"', 'slug = "Not a slug"'),
        ("since = 2023", "since = 'soon'"),
    ],
)
def test_mistake_in_site_file_is_found(tmp_path: Path, right: str, wrong: str) -> None:
    file = tmp_path / "site.toml"
    file.write_text(SHIPPED.read_text("utf-8").replace(right, wrong), "utf-8")

    with pytest.raises(SettingsError, match=r"WM_SITE: .*site\.toml: "):
        load_site(file)

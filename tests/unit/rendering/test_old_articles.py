"""The note about the age of an old article."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import html

from services.rendering.pages.layout import years_old
from tests.support import look_samples as samples
from tests.support.page_server import TEMPLATES


@pytest.mark.parametrize(
    ("published", "years"),
    [
        ("2026-11-23T14:05:08", 0),
        ("2025-11-23T14:05:08", 0),
        ("2025-11-23T14:05:07", 1),
        ("2022-11-23T14:05:07", 4),
        ("2024-02-29T00:00:00", 2),
        ("1605-12-01T00:00:00", 420),
    ],
)
def test_age_counts_whole_calendar_years(published: str, years: int) -> None:
    now = datetime(2026, 11, 23, 14, 5, 7, tzinfo=UTC)

    assert years_old(datetime.fromisoformat(published).replace(tzinfo=UTC), now) == years


@pytest.mark.parametrize(
    ("language", "years", "note", "next_year"),
    [
        ("en", 0, "more than a year old.", "more than a year old."),
        ("en", 3, "more than three years old.", "more than four years old."),
        ("en", 10, "more than ten years old.", "more than 11 years old."),
        ("ar", 1, "أكثر من عام.", "أكثر من عامين."),
        ("ar", 3, "أكثر من ثلاثة أعوام.", "أكثر من أربعة أعوام."),
        ("ar", 11, "أكثر من ١١ عامًا.", "أكثر من ١٢ عامًا."),
        ("ar", 103, "أكثر من ١٠٣ أعوام.", "أكثر من ١٠٤ أعوام."),
    ],
)
def test_old_article_shows_its_age(language: str, years: int, note: str, next_year: str) -> None:
    article = replace(samples.article(), language=language, years_old=years)

    line = html.fromstring(TEMPLATES.article(article)).find(".//p[@class='old']")

    assert line is not None
    assert (line.get("hidden") is None) == (years > 0)
    assert str(line.text).endswith(note)
    assert str(line.get("data-older")).endswith(next_year)

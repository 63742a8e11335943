"""Questions for numbers, and spans of time."""

import pytest

from services.popularity.model.rules import hours_of, place_of_tag
from services.popularity.numbers.periods import days_of_week
from services.popularity.numbers.questions import read_question
from shared.site.site import load_site

ZONE = load_site(None).zone
NOW = hours_of("2026-11-28", ZONE)[9]


def test_tag_of_any_case_has_the_place_where_its_views_are_counted() -> None:
    assert read_question({"tag": "Große Seen"}, frozenset(), NOW, ZONE).scope == place_of_tag("Große Seen")


@pytest.mark.parametrize("week", ["2026-W+4", "2026-W 4", "2026-W٤٨", "٢٠٢٦-W48", "2026-w48", "2026-W4_", "2026-W48\n"])
def test_week_has_one_spelling(week: str) -> None:
    assert days_of_week("2026-W48")[0] == "2026-11-23"
    with pytest.raises(ValueError, match="week"):
        days_of_week(week)

"""The list's filters in its address, and links that keep them."""

import pytest

from services.desk.articles.list_query import ListQuery, read_query, recall, remember


def test_empty_and_unknown_parameters_do_not_count() -> None:
    query = read_query({"status": "", "section": "world", "colour": "red", "q": " "})

    assert query.filters == {"section": "world"}


@pytest.mark.parametrize(
    ("filters", "view"),
    [
        ({}, "all"),
        ({"status": "draft", "q": "ferry"}, "draft"),
        ({"changed": "true"}, "changed"),
        ({"status": "draft", "scheduled": "true"}, ""),
    ],
)
def test_view_is_named_by_its_filters(filters: dict[str, str], view: str) -> None:
    assert read_query(filters).view == view


def test_links_keep_the_filters() -> None:
    query = ListQuery({"status": "draft", "q": "ferry & co"}, "c1")

    assert query.older("c2") == "/desk?status=draft&q=ferry+%26+co&cursor=c2"
    assert query.newest == "/desk?status=draft&q=ferry+%26+co"
    assert query.to_view("changed") == "/desk?changed=true&q=ferry+%26+co"
    assert query.cleared == "/desk?status=draft"


def test_last_filters_are_remembered_for_their_person_alone() -> None:
    cookie = remember("01a", ListQuery({"status": "draft"}, "c1"))

    assert recall("01a", cookie) == "/desk?status=draft"
    assert recall("01b", cookie) == ""


def test_no_filters_and_very_long_ones_are_not_remembered() -> None:
    assert remember("01a", ListQuery()) == ""
    assert remember("01a", ListQuery({"q": "x" * 2000})) == ""

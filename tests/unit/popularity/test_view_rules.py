"""What a view's sender looks like: referrer classes, prefetches, staff, agents, data centres, days of the newsroom."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given
from hypothesis import strategies as st

from services.popularity.model.rules import shift_day
from services.popularity.views.agents import MOST_CHARACTERS, Agents, is_program
from services.popularity.views.data_centres import read_data_centres
from services.popularity.views.referrers import LONGEST_HOST, Referrers
from services.popularity.views.rules import (
    carries_cookie,
    day_and_end,
    days_needed,
    is_own_picture,
    is_prefetch,
)
from services.popularity.views.visitor_names import client_of
from shared.errors import SettingsError

REFERRERS = Referrers("https://www.wm.example")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", ("none", "")),
        ("about:blank", ("none", "")),
        ("javascript:alert(1)", ("none", "")),
        ("https://", ("none", "")),
        ("https://a b.example/", ("none", "")),
        ('https://a".example/', ("none", "")),
        ("https://[::1]/", ("none", "")),
        (f"https://{'a.' * 60}example/", ("none", "")),
        ("https://wm.example/world/x?q=1", ("site", "")),
        ("https://WWW.wm.example:443", ("site", "")),
        ("https://www.google.com/", ("search", "")),
        ("https://news.google.co.uk/x", ("search", "")),
        ("https://google.evil.com/", ("other", "google.evil.com")),
        ("https://notgoogle.com/", ("other", "notgoogle.com")),
        ("https://duckduckgo.com?q=secret", ("search", "")),
        ("android-app://com.google.android.googlequicksearchbox/", ("search", "")),
        ("https://t.co/abc", ("social", "")),
        ("https://l.facebook.com/l.php?u=x", ("social", "")),
        ("https://user:secret@Blog.Example:8443/path#x", ("other", "blog.example")),
        ("https://عرب.example/", ("other", "xn--ngbrx.example")),
        ("https://blog.example./", ("other", "blog.example")),
    ],
)
def test_referrer_is_reduced_to_its_class_and_an_unknown_host(url: str, expected: tuple[str, str]) -> None:
    assert REFERRERS.classify(url) == expected


@given(st.one_of(st.text(max_size=80), st.text(max_size=80).map(lambda rest: f"https://{rest}")))
def test_kept_host_is_short_lower_case_ascii_without_quotes(url: str) -> None:
    host = REFERRERS.classify(url).host

    assert len(host) <= LONGEST_HOST
    assert host == host.lower()
    assert all(letter.isascii() and (letter.isalnum() or letter in "-_.") for letter in host)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"Sec-Purpose": "prefetch"}, True),
        ({"Sec-Purpose": "prefetch;prerender"}, True),
        ({"Purpose": "Prefetch"}, True),
        ({"X-Moz": "prefetch"}, True),
        ({"Sec-Purpose": "other"}, False),
    ],
)
def test_prefetch_is_known_by_its_headers(headers: dict[str, str], expected: bool) -> None:
    assert is_prefetch(headers) is expected


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ("wm_session=abc", True),
        ("a=1; wm_session=abc; b=2", True),
        ("wm_session=", False),
        ("x_wm_session=abc", False),
        ("a=wm_session=abc", False),
        ("", False),
    ],
)
def test_staff_is_known_by_the_presence_of_the_desks_cookie(cookie: str, expected: bool) -> None:
    assert carries_cookie({"Cookie": cookie}, "wm_session") is expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Referer": "https://wm.example/"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Referer": "https://wm.example"}, True),
        ({"Referer": "https://wm.example/world/x"}, True),
        ({"Referer": "http://inside.example/x", "Host": "inside.example"}, True),
        ({"Referer": "https://wm.example.evil.example/"}, False),
        ({"Referer": "https://evil.example/https://wm.example/"}, False),
    ],
)
def test_picture_on_another_sites_page_is_known(headers: dict[str, str], expected: bool) -> None:
    assert is_own_picture(headers, "https://wm.example") is expected


async def test_agent_is_judged_once_and_only_its_beginning_counts() -> None:
    agents = Agents()
    with agents.judging(warm_up=False):
        unknown = agents.known("curl/8.0")
        judged = [await agents.judge(agent) for agent in ("curl/8.0", "", "Mozilla/5.0 (X11; Linux) Firefox/140.0")]
        late = await agents.judge("M" * MOST_CHARACTERS + " Googlebot")

    assert unknown is None
    assert judged == [True, True, False]
    assert late is False
    assert agents.known("curl/8.0") is True


def test_crawlers_of_the_list_are_programs_and_peoples_browsers_are_not() -> None:
    lines = Path(__file__).with_name("human_agents.txt").read_text("ascii").splitlines()
    people = [line for line in lines if line and not line.startswith("#")]
    crawlers = [instance for entry in CRAWLER_USER_AGENTS_DATA for instance in entry["instances"]]

    missed = [agent for agent in crawlers if not is_program(agent)]
    wronged = [agent for agent in people if is_program(agent)]

    print(f"{len(crawlers) - len(missed)} of {len(crawlers)} crawlers, {len(wronged)} of {len(people)} people")
    assert len(people) == len(set(people)) == 200
    assert len(missed) <= len(crawlers) * 0.01, missed
    assert len(wronged) <= 2, wronged


def test_program_without_an_agent_is_a_program() -> None:
    assert [is_program(agent) for agent in ("", "  ", "Googlebot/2.1")] == [True, True, True]


def test_data_centres_are_found_in_either_version_of_addresses(tmp_path: Path) -> None:
    file = tmp_path / "networks"
    file.write_text("# a comment\n192.0.2.0/25\n192.0.2.128/25 # joined\n\n2001:db8::/32\n198.51.100.7\n")
    found = read_data_centres(file)

    inside = ["192.0.2.0", "192.0.2.255", "198.51.100.7", "2001:db8:ffff::1", "::ffff:192.0.2.9"]
    outside = ["192.0.1.255", "192.0.3.0", "198.51.100.8", "2001:db9::", "", "unknown", "\udcff"]

    assert [address in found for address in inside] == [True] * len(inside)
    assert [address in found for address in outside] == [False] * len(outside)
    assert "192.0.2.1" not in read_data_centres(None)


def test_wrong_line_of_data_centres_is_named(tmp_path: Path) -> None:
    file = tmp_path / "networks"
    file.write_text("192.0.2.0/24\nnowhere\n")

    with pytest.raises(SettingsError, match="line 2: 'nowhere'"):
        read_data_centres(file)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_data_centres(Path(os.devnull) / "x")


@given(
    st.integers(1_600_000_000, 1_900_000_000),
    st.sampled_from(["Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Asia/Beirut", "UTC"]),
)
def test_day_ends_when_the_next_one_begins(now_s: int, name: str) -> None:
    zone = ZoneInfo(name)
    day, end_s = day_and_end(now_s, zone)

    assert now_s < end_s <= now_s + 25 * 3600
    assert day_and_end(end_s - 1, zone)[0] == day
    assert shift_day(day_and_end(end_s, zone)[0], -1) == day


def test_yesterday_is_needed_for_the_time_of_a_repeat_and_tomorrow_for_a_minute() -> None:
    midnight = day_and_end(1_774_700_000, BERLIN)[1]  # the night to 29 March 2026, when summer time begins
    half_hour = 1800

    assert days_needed(midnight - 61, BERLIN, half_hour) == ("2026-03-28", None, None)
    assert days_needed(midnight - 60, BERLIN, half_hour) == ("2026-03-28", "2026-03-29", None)
    assert days_needed(midnight, BERLIN, half_hour) == ("2026-03-29", None, "2026-03-28")
    assert days_needed(midnight + half_hour - 1, BERLIN, half_hour) == ("2026-03-29", None, "2026-03-28")
    assert days_needed(midnight + half_hour, BERLIN, half_hour) == ("2026-03-29", None, None)
    assert days_needed(midnight, BERLIN, 0) == ("2026-03-29", None, None)


@pytest.mark.parametrize(
    ("address", "network", "wider"),
    [
        ("192.0.2.77", "192.0.2.77", "192.0.2"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64", "20010db80001"),
        ("2001:db8:1:ff::9", "2001:db8:1:ff::/64", "20010db80001"),
        ("192.0.2.077", "192.0.2.077", "192.0.2.077"),
        ("a:b", "a:b", "a:b"),
        ("\udcff", "\udcff", "\udcff"),
        ("", "", ""),
    ],
)
def test_visitors_networks_are_those_of_one_household_and_one_provider(address: str, network: str, wider: str) -> None:
    assert client_of(address, "Firefox") == (network, wider, "Firefox")

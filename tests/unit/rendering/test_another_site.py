"""Another site file and its content make another newspaper, without code."""

import json
from pathlib import Path

import html5lib
import pytest

from services.rendering.gateway.site_files import manifest
from services.rendering.pages.models import HomeView
from services.rendering.pages.templates import Templates
from shared.errors import SettingsError
from shared.site.site import load_site
from tests.support import look_samples as samples

_COLOURS = "\n".join(
    f'{name} = "{colour}"'
    for name, colour in {
        "paper": "#ffffff", "raised": "#eeeeee", "ink": "#101010", "quiet": "#505050", "rule": "#cccccc",
        "accent": "#00429d", "second": "#225522",
    }.items()
)  # fmt: skip
_SITE = f"""
name = "The Harbour Post"
tagline = "Tides, trade and talk"
since = 2019
logo = "anchor.svg"
pages = "texts"
[colours.light]
{_COLOURS}
[colours.dark]
{_COLOURS.replace("#ffffff", "#000000")}
[[sections]]
slug = "tides"
name = "Tides"
mark = "~"
[[social]]
name = "Mastodon"
url = "https://social.example/@harbour"
"""


def _write(folder: Path, pages: tuple[str, ...] = ("about", "contact", "privacy", "imprint")) -> Path:
    (folder / "texts").mkdir()
    for name in pages:
        (folder / "texts" / f"{name}.md").write_text(f"# {name.title()} of the Post\n\nA text of our own.")
    (folder / "anchor.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><title>Anchor</title></svg>')
    (folder / "site.toml").write_text(_SITE)
    return folder / "site.toml"


def test_site_file_changes_name_colours_logo_and_pages(tmp_path: Path) -> None:
    site = load_site(_write(tmp_path))
    templates = Templates(site, "https://post.example")

    page = templates.home(HomeView())
    html5lib.HTMLParser(strict=True).parse(page)
    about = templates.static_page(templates.own_pages["/about"])
    icon = templates.assets.by_url[templates.assets.url("icon.svg")].content

    for part in ("The Harbour Post", "Tides, trade and talk", 'href="/tides"', "Mastodon", "© 2019", 'href="/imprint"'):
        assert part in page
    assert "World Monitor" not in page + about
    assert "A text of our own." in about
    assert "--accent: #00429d;" in templates.assets.style
    assert "--accent: #00429d;" in about
    assert 'content="#000000"' in page
    assert b"Anchor" in icon
    assert 'class="logo"' in page
    assert json.loads(manifest(site, templates.assets))["theme_color"] == "#ffffff"


def test_missing_required_page_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="/privacy"):
        Templates(load_site(_write(tmp_path, ("about", "contact"))), "https://post.example")


@pytest.mark.parametrize(("wrong", "right"), [("#00429d", "blue"), ("anchor.svg", "nowhere.svg"), ("since", "sinc")])
def test_error_in_site_file_stops_the_start(tmp_path: Path, wrong: str, right: str) -> None:
    file = _write(tmp_path)
    file.write_text(_SITE.replace(wrong, right, 1))

    with pytest.raises(SettingsError, match=r"WM_SITE: .*site\.toml: "):
        load_site(file)


def test_shipped_site_shows_its_name() -> None:
    assert "World Monitor" in Templates(load_site(None), "https://m.example").home(samples.home())

"""The look keeps its promises: readable contrast, one direction-free stylesheet, a small script, hashed assets."""

import re
from itertools import product
from pathlib import Path

import pytest

from services.rendering.pages.assets import DIRECTORY, SCRIPTS, Assets
from shared.site.site import LOOK

CSS = (DIRECTORY / "site.css").read_text("utf-8")
SOURCES = {path.name: path.read_text("utf-8") for path in DIRECTORY.glob("*.js")}
WORDS_ON_PAPER = tuple(product(("ink", "quiet", "accent", "second"), ("paper", "raised")))
PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right|top|bottom)[\w-]*|left|right|top|bottom"
    r"|width|height|(?:min|max)-(?:width|height))\s*:|text-align:\s*(?:left|right)|(?:float|clear):\s*(?:left|right)"
)


def tokens(scheme: str) -> dict[str, str]:
    """The colours of a scheme as the stylesheet sets them."""
    light, dark = re.findall(r":root \{([^}]*--paper[^}]*)\}", CSS)[:2]
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", light if scheme == "light" else dark))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("words", "paper"), WORDS_ON_PAPER)
def test_words_stand_out_from_their_paper(scheme: str, words: str, paper: str) -> None:
    colours = tokens(scheme)

    assert contrast(colours[words], colours[paper]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_buttons_can_be_read(scheme: str) -> None:
    colours = tokens(scheme)

    assert contrast(colours["paper"], colours["second"]) >= 4.5
    assert contrast(colours["paper"], colours["accent"]) >= 4.5


def test_the_browser_is_told_the_colours_of_the_paper() -> None:
    base = (DIRECTORY.parent / "templates" / "base.html").read_text("utf-8")

    for scheme in ("light", "dark"):
        assert f'"{tokens(scheme)["paper"]}" }}}}" media="(prefers-color-scheme: {scheme})"' in base


def test_the_stylesheet_knows_no_left_and_no_right() -> None:
    without_queries = re.sub(r"@media[^{]*", "", CSS)

    assert PHYSICAL.findall(without_queries) == []


def test_nothing_moves_where_motion_is_unwelcome() -> None:
    allowed = re.search(r"@media \(prefers-reduced-motion: no-preference\) \{.*?\n\}", CSS, re.DOTALL)

    assert allowed is not None
    assert "animation" in allowed[0]
    assert "animation" not in CSS.replace(allowed[0], "")
    assert set(re.findall(r"transition: (\S+)", CSS)) <= {"color", "background-color"}


@pytest.mark.parametrize("name", SOURCES)
def test_a_script_is_small_and_writes_no_html(name: str) -> None:
    assert len(SOURCES[name].encode()) < 10 * 1024
    assert not re.search(
        r"innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|eval\(|new Function", SOURCES[name]
    )


def test_all_scripts_are_sent_as_one_without_what_they_say_to_us(tmp_path: Path) -> None:
    for name in SCRIPTS:
        (tmp_path / name).write_text(f'// Why.\n"{name}";\n\n  // How.\n  f("//a.example");  // so\n')
    assets = _assets(tmp_path)

    sent = assets.by_url[assets.url("scripts.js")].content.decode()
    assert sent == "".join(f'"{name}";\nf("//a.example");  // so\n' for name in SCRIPTS)
    assert sorted(SOURCES) == sorted(SCRIPTS)


def test_the_first_page_needs_one_typeface_of_60_kilobytes_at_most() -> None:
    assert (DIRECTORY / "fonts" / "monitor-serif-latin.woff2").stat().st_size <= 36 * 1024


def test_each_typeface_lies_beside_its_licence() -> None:
    licences = {path.stem.removeprefix("OFL-") for path in (DIRECTORY / "fonts").glob("OFL-*.txt")}
    faces = {path.stem for path in (DIRECTORY / "fonts").glob("*.woff2")}

    assert all(any(face.startswith(licence) for licence in licences) for face in faces)


def _assets(folder: Path, *, picture: str = "<svg/>", style: str = "i { background: url(a.svg) }") -> Assets:
    (folder / "a.svg").write_text(picture)
    (folder / "site.css").write_text(style)
    for name in SCRIPTS:
        (folder / name).touch()
    return Assets(folder)


def test_assets_carry_the_hash_of_their_content_and_the_style_names_them_by_it(tmp_path: Path) -> None:
    before, after = (_assets(tmp_path, picture=picture) for picture in ("<svg/>", "<svg><g/></svg>"))

    assert re.fullmatch(r"/static/a\.[0-9a-f]{10}\.svg", before.url("a.svg"))
    assert before.url("a.svg") != after.url("a.svg")
    assert after.style == f"i {{ background: url({after.url('a.svg')}) }}"


def test_a_style_that_names_a_missing_file_is_found_out_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        _assets(tmp_path, style="i { background: url(missing.svg) }")


def test_the_style_is_sent_without_what_it_says_to_us_and_its_hash_is_what_a_browser_works_out(tmp_path: Path) -> None:
    assets = _assets(tmp_path, style="/* Why. */\ni {\n  color: red; /* so */\n}\n")

    assert assets.style == "i {color: red; }"
    assert assets.style_source == "'sha256-J76W0GPyQ+l0fDU+b+33soQ0scKILhHMHJ78EXb2Tb8='"


def test_licences_and_other_papers_are_not_served() -> None:
    assert {asset.media_type for asset in Assets().by_url.values()} == {
        "text/javascript",
        "image/png",
        "image/svg+xml",
        "font/woff2",
    }


def test_what_moves_is_left_to_the_compositor() -> None:
    steps = re.findall(r"(?:from|to|\d+%) \{ ([a-z-]+):", "".join(re.findall(r"@keyframes \w+ \{.*\}", CSS)))

    # Chromium leaves an SVG's `scale` to the main thread.
    assert set(steps) == {"transform"}


def test_the_style_sheets_colours_are_those_that_others_are_given() -> None:
    assert {scheme: tokens(scheme) for scheme in ("light", "dark")} == LOOK.model_dump()

"""The look: readable contrast, one stylesheet for both directions, small scripts, hashed assets."""

import base64
import hashlib
import re
from itertools import product
from pathlib import Path

import pytest

from services.rendering.pages.assets import DIRECTORY, DISCUSSION_SCRIPTS, SCRIPTS, Assets
from shared.site.site import LOOK

CSS = (DIRECTORY / "site.css").read_text("utf-8")
SOURCES = {path.name: path.read_text("utf-8") for path in DIRECTORY.glob("*.js")}
WORDS_ON_PAPER = tuple(product(("ink", "quiet", "accent", "second"), ("paper", "raised")))
PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right|top|bottom)[\w-]*|left|right|top|bottom"
    r"|width|height|(?:min|max)-(?:width|height))\s*:|text-align:\s*(?:left|right)|(?:float|clear):\s*(?:left|right)"
)


def palette(scheme: str) -> dict[str, str]:
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
def test_text_colours_have_enough_contrast(scheme: str, words: str, paper: str) -> None:
    colours = palette(scheme)

    assert contrast(colours[words], colours[paper]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_button_texts_have_enough_contrast(scheme: str) -> None:
    colours = palette(scheme)

    assert contrast(colours["paper"], colours["second"]) >= 4.5
    assert contrast(colours["paper"], colours["accent"]) >= 4.5


def test_theme_colours_match_the_stylesheet() -> None:
    base = (DIRECTORY.parent / "templates" / "base.html").read_text("utf-8")

    for scheme in ("light", "dark"):
        assert f'"{palette(scheme)["paper"]}" }}}}" media="(prefers-color-scheme: {scheme})"' in base


def test_stylesheet_has_only_logical_properties() -> None:
    without_queries = re.sub(r"@media[^{]*", "", CSS)

    assert PHYSICAL.findall(without_queries) == []


def test_animations_respect_reduced_motion() -> None:
    allowed = re.search(r"@media \(prefers-reduced-motion: no-preference\) \{.*?\n\}", CSS, re.DOTALL)

    assert allowed is not None
    assert "animation" in allowed[0]
    assert "animation" not in CSS.replace(allowed[0], "")
    assert set(re.findall(r"transition: (\S+)", CSS)) <= {"color", "background-color"}


@pytest.mark.parametrize("name", SOURCES)
def test_script_is_small_and_writes_no_html(name: str) -> None:
    assert len(SOURCES[name].encode()) < 10 * 1024
    assert not re.search(
        r"innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|eval\(|new Function", SOURCES[name]
    )


def test_scripts_are_sent_as_one_file_without_comments(tmp_path: Path) -> None:
    for name in SCRIPTS:
        (tmp_path / name).write_text(f'// Why.\n"{name}";\n\n  // How.\n  f("//a.example");  // so\n')
    assets = _assets(tmp_path)

    sent = assets.by_url[assets.url("scripts.js")].content.decode()
    assert sent == "".join(f'"{name}";\nf("//a.example");  // so\n' for name in SCRIPTS)
    assert sorted(SOURCES) == sorted(SCRIPTS + DISCUSSION_SCRIPTS)


def test_typeface_of_first_page_is_36_kilobytes_at_most() -> None:
    assert (DIRECTORY / "fonts" / "monitor-serif-latin.woff2").stat().st_size <= 36 * 1024


def test_each_typeface_has_a_licence_file() -> None:
    licences = {path.stem.removeprefix("OFL-") for path in (DIRECTORY / "fonts").glob("OFL-*.txt")}
    faces = {path.stem for path in (DIRECTORY / "fonts").glob("*.woff2")}

    assert all(any(face.startswith(licence) for licence in licences) for face in faces)


def _assets(folder: Path, *, picture: str = "<svg/>", style: str = "i { background: url(a.svg) }") -> Assets:
    (folder / "a.svg").write_text(picture)
    (folder / "site.css").write_text(style)
    for name in SCRIPTS + DISCUSSION_SCRIPTS:
        (folder / name).touch()
    return Assets(folder)


def test_asset_names_hold_content_hash_and_style_uses_them(tmp_path: Path) -> None:
    before, after = (_assets(tmp_path, picture=picture) for picture in ("<svg/>", "<svg><g/></svg>"))

    assert re.fullmatch(r"/static/a\.[0-9a-f]{10}\.svg", before.url("a.svg"))
    assert before.url("a.svg") != after.url("a.svg")
    assert after.style.startswith(f"i {{ background: url({after.url('a.svg')}) }}")


def test_missing_file_in_stylesheet_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        _assets(tmp_path, style="i { background: url(missing.svg) }")


def test_style_is_sent_without_comments_and_with_its_csp_hash(tmp_path: Path) -> None:
    assets = _assets(tmp_path, style="/* Why. */\ni {\n  color: red; /* so */\n}\n")

    assert assets.style.startswith("i {color: red; }.tone-")
    digest = base64.b64encode(hashlib.sha256(assets.style.encode()).digest()).decode()
    assert assets.style_source == f"'sha256-{digest}'"


def test_only_known_media_types_are_served() -> None:
    assert {asset.media_type for asset in Assets().by_url.values()} == {
        "text/javascript",
        "image/png",
        "image/svg+xml",
        "font/woff2",
    }


def test_animations_run_on_the_compositor() -> None:
    steps = re.findall(r"(?:from|to|\d+%) \{ ([a-z-]+):", "".join(re.findall(r"@keyframes \w+ \{.*\}", CSS)))

    # Chromium animates an SVG's `scale` on the main thread.
    assert set(steps) == {"transform"}


def test_stylesheet_colours_match_the_site_module() -> None:
    assert {scheme: palette(scheme) for scheme in ("light", "dark")} == LOOK.model_dump()

"""The edition's pictures: reproducible, and complete in the repository."""

import pytest
from PIL import Image, ImageChops, ImageStat

from deploy.edition.articles import PICTURES, Article, EditionError, Picture, read_edition
from deploy.edition.drawing.canvas import HEIGHT, WIDTH
from deploy.edition.pictures import HUES, SCENES, draw
from shared.site.site import load_site

PICTURED = [article for article in read_edition() if article.picture]
# Every clone has them.
_BYTES_ALLOWED = 4_000_000


def picture_of(article: Article) -> Picture:
    assert article.picture is not None
    return article.picture


@pytest.mark.parametrize("scene", ["harbour", "coins", "globe"])
def test_seed_determines_the_pixels(scene: str) -> None:
    def drawn(seed: int) -> bytes:
        return draw(Picture(scene=scene, seed=seed, ground="night", alt="a", caption="c"), "world", scale=1).tobytes()

    assert drawn(5) == drawn(5)
    assert drawn(5) != drawn(6)


def test_unknown_scene_is_named() -> None:
    with pytest.raises(EditionError, match="no such scene: volcano"):
        draw(Picture(scene="volcano", seed=1, ground="paper", alt="a", caption="c"), "world")


def test_every_original_has_the_size_of_the_canvas() -> None:
    for article in PICTURED:
        with Image.open(article.picture_file) as image:
            assert (image.format, image.size) == ("JPEG", (WIDTH, HEIGHT)), article.slug


@pytest.mark.parametrize("article", PICTURED[::12], ids=lambda article: article.slug)
def test_committed_picture_equals_the_generated_one(article: Article) -> None:
    fresh = draw(picture_of(article), article.section, scale=1).reduce(4)

    with Image.open(article.picture_file) as committed:
        difference = ImageChops.difference(fresh, committed.convert("RGB").reduce(4))
    assert max(ImageStat.Stat(difference).mean) < 6


def test_alt_text_starts_with_illustration_and_describes_it() -> None:
    for article in PICTURED:
        start = "رسم توضيحي: " if article.language == "ar" else "Illustration: "
        assert picture_of(article).alt.startswith(start), article.slug
        assert len(picture_of(article).alt) > len(start) + 20, article.slug


def test_no_two_pictures_are_alike() -> None:
    looks = [(picture_of(article).scene, picture_of(article).seed) for article in PICTURED]
    scenes = {scene for scene, _ in looks}

    assert len(set(looks)) == len(PICTURED)
    assert len(scenes) >= 50
    assert scenes == set(SCENES)


def test_every_section_has_its_own_hue() -> None:
    assert set(HUES) == {section.slug for section in load_site(None).sections}
    assert len(set(HUES.values())) == len(HUES)


def test_pictures_folder_is_small_and_holds_nothing_else() -> None:
    files = {path.name: path.stat().st_size for path in PICTURES.iterdir()}

    assert set(files) == {article.picture_file.name for article in PICTURED}
    assert sum(files.values()) < _BYTES_ALLOWED

"""`python -m deploy.edition.pictures [name ...]` draws the edition's pictures. The output is committed."""

import sys
from pathlib import Path
from random import Random

from PIL import Image

from deploy.edition.articles import FOLDER, Article, EditionError, Picture, read_edition
from deploy.edition.drawing import figures, ground, land, objects, plants, signal, town, water
from deploy.edition.drawing.canvas import HEIGHT, WIDTH, Canvas, Colour, Scene, palette

OUTPUT = FOLDER / "pictures"
WIDTHS = (480, 800, 1280)
SCENES: dict[str, Scene] = {
    **figures.SCENES,
    **ground.SCENES,
    **land.SCENES,
    **objects.SCENES,
    **plants.SCENES,
    **signal.SCENES,
    **town.SCENES,
    **water.SCENES,
}
HUES: dict[str, Colour] = {
    "middle-east": (208, 148, 52),
    "africa": (196, 102, 58),
    "world": (74, 112, 156),
    "economy": (146, 142, 62),
    "sports": (84, 152, 100),
    "climate": (112, 170, 198),
    "technology": (124, 108, 172),
    "crypto": (166, 92, 136),
}
# 3 gives each edge nine samples; 4 takes twice the time and looks the same.
SUPERSAMPLING = 3


def draw(picture: Picture, section: str, scale: int = SUPERSAMPLING) -> Image.Image:
    """Draw the illustration at 1280x720. The same picture, section and scale always give the same pixels."""
    if picture.scene not in SCENES:
        raise EditionError(f"no such scene: {picture.scene}")
    colours = palette(picture.ground, HUES[section])
    canvas = Canvas(scale, colours.ground)
    SCENES[picture.scene](canvas, Random(f"{picture.scene}:{picture.seed}"), colours)
    return canvas.finished()


def variants(name: str) -> list[str]:
    """The file names of one picture."""
    return [f"{name}.jpg", *(f"{name}-{width}.{kind}" for width in WIDTHS for kind in ("avif", "webp"))]


def write(image: Image.Image, name: str, folder: Path) -> None:
    """Write the JPEG, AVIF and WebP files of one picture."""
    # At these qualities flat colour shows no seams at 200 %; the whole set is about 9 MB.
    image.save(folder / f"{name}.jpg", quality=66, optimize=True, progressive=True)
    for width in WIDTHS:
        small = image if width == WIDTH else image.resize((width, width * HEIGHT // WIDTH), Image.Resampling.LANCZOS)
        small.save(folder / f"{name}-{width}.avif", quality=54, speed=6, max_threads=1)
        small.save(folder / f"{name}-{width}.webp", quality=60, method=4)


def main(names: list[str]) -> None:
    """Draw the pictures of the named articles, or of all."""
    OUTPUT.mkdir(exist_ok=True)
    articles = [a for a in read_edition() if a.picture and (not names or a.slug in names)]
    for number, article in enumerate(articles, 1):
        print(f"{number:3}/{len(articles)}  {article.slug}", flush=True)
        write(draw(_picture(article), article.section), article.slug, OUTPUT)


def _picture(article: Article) -> Picture:
    assert article.picture is not None
    return article.picture


if __name__ == "__main__":
    main(sys.argv[1:])

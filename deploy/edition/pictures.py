"""`python -m deploy.edition.pictures [name ...]` draws the originals of the edition's pictures. The output is committed."""

import sys
from random import Random

from PIL import Image

from deploy.edition.articles import PICTURES, Article, EditionError, Picture, read_edition
from deploy.edition.drawing import figures, ground, land, objects, plants, signal, town, water
from deploy.edition.drawing.canvas import Canvas, Colour, Scene, palette

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


def write(image: Image.Image, article: Article) -> None:
    """Write the original of an article's picture."""
    # At this quality flat colour shows no seams at 200 %; all originals are less than 4 MB.
    image.save(article.picture_file, quality=66, optimize=True, progressive=True)


def main(names: list[str]) -> None:
    """Draw the pictures of the named articles, or of all."""
    PICTURES.mkdir(exist_ok=True)
    articles = [a for a in read_edition() if a.picture and (not names or a.slug in names)]
    for number, article in enumerate(articles, 1):
        print(f"{number:3}/{len(articles)}  {article.slug}", flush=True)
        write(draw(_picture(article), article.section), article)


def _picture(article: Article) -> Picture:
    assert article.picture is not None
    return article.picture


if __name__ == "__main__":
    main(sys.argv[1:])

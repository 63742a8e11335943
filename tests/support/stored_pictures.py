"""Pages with pictures of the store: wide, tall, small, a panorama, in lists, figures and galleries; and the files for them."""

from collections.abc import Mapping
from dataclasses import replace

from services.ingestion.pictures.figures import Mention, figure, gallery
from services.rendering.pages.models import ArticleView, Card, HomeView, ListView, Picture
from shared.pictures import PictureFacts, PictureRecord
from tests.support import look_samples as samples
from tests.support.media_files import MediaFile, draw_file

WIDE, TALL, PANORAMA, SMALL, NEW = range(5)
FACTS: Mapping[int, PictureFacts] = {
    WIDE: samples.facts(WIDE),
    TALL: samples.facts(TALL, 1200, 1800),
    PANORAMA: samples.facts(PANORAMA, 2560, 640),
    SMALL: samples.facts(SMALL, 300, 200),
    # Its variants are not made yet: media answers with the original.
    NEW: samples.facts(NEW, 1600, 1200),
}
_BY_FOLDER = {facts.folder: number for number, facts in FACTS.items()}
_PARAGRAPH = "<p>The harbour masters met for three days in a hall that smells of varnish and coffee.</p>"
_ARABIC = "<p>اجتمع مدراء الموانئ ثلاثة أيام في قاعة تفوح منها رائحة القهوة.</p>"


def media(path: str) -> MediaFile | None:
    """The file at a path of media."""
    match path.split("/"):
        case ["", "media", folder, name] if folder in _BY_FOLDER:
            number = _BY_FOLDER[folder]
            return draw_file(FACTS[number], name, ready=number != NEW)
        case _:
            return None


def picture(number: int) -> Picture:
    """A picture with its texts."""
    return samples.stored_picture(number, FACTS[number].width, FACTS[number].height)


def _figure(number: int, *, half: bool = False, decorative: bool = False) -> str:
    texts = ("", "") if decorative else ("The sun over hills", "Hills above the port, an hour before the ships move.")
    facts = FACTS[number]
    credit = "" if decorative else "Photo: Amina Odhiambo"
    record = PictureRecord(id=facts.id, version=1, facts=facts, credit=credit, decorative=decorative)
    return figure(Mention(facts.id, *texts), record, half=half)


def _body(paragraph: str) -> str:
    galleries = (
        gallery([_figure(WIDE), _figure(WIDE, half=True), _figure(NEW, half=True)]),
        gallery([_figure(TALL, half=True), _figure(WIDE, half=True)]),
    )
    figures = (_figure(WIDE), _figure(TALL), *galleries, _figure(SMALL, decorative=True), _figure(PANORAMA))
    return paragraph + paragraph.join(figures) + paragraph


def _card(card: Card) -> Card:
    """Every fifth picture of a list is of another kind."""
    return replace(card, picture=picture(int(card.article_id[1:]) * 3 % 5)) if card.picture else card


def article(number: int = WIDE) -> ArticleView:
    """An article with a lead picture, figures and galleries."""
    view = samples.article()
    return replace(
        view,
        picture=picture(number),
        body_html=_body(_PARAGRAPH),
        recommended=tuple(map(_card, view.recommended)),
        previous=None if view.previous is None else _card(view.previous),
    )


def arabic_article() -> ArticleView:
    """The same in Arabic."""
    return replace(article(TALL), body_html=_body(_ARABIC), language="ar", headline=samples.arabic_article().headline)


def home() -> HomeView:
    """A full front page."""
    view = samples.home()
    return replace(
        view,
        lead=None if view.lead is None else _card(view.lead),
        seconds=tuple(map(_card, view.seconds)),
        blocks=tuple(replace(block, cards=tuple(map(_card, block.cards))) for block in view.blocks),
    )


def section_list() -> ListView:
    """The front of a section."""
    view = samples.section_list()
    return replace(view, cards=tuple(map(_card, view.cards)))

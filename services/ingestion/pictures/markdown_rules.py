"""Rules of the Markdown renderer for the store's pictures: alone in a paragraph, several in one, and within a line."""

from collections.abc import Mapping, Sequence
from html import escape

from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from services.ingestion.pictures import figures
from services.ingestion.pictures.figures import MOST_PICTURES, Mention
from services.ingestion.pictures.records import BodyPicture
from services.ingestion.pictures.references import media_id_of
from shared.pictures import PictureRecord
from shared.text import is_blank

# The token that replaces a paragraph of pictures.
PICTURES_TOKEN = "pictures"
_KNOWN, _SHOWN = "pictures", "shown_pictures"


def environment(pictures: Mapping[str, PictureRecord], shown: list[BodyPicture]) -> dict[str, object]:
    """The renderer's environment: the pictures that are known, and a list that takes those that the text shows."""
    return {_KNOWN: pictures, _SHOWN: shown}


def inline_picture(renderer: RendererHTML, image: Token, options: OptionsDict, env: EnvType) -> str | None:
    """The HTML of an image within a line, None for one with an address."""
    mention = _mention_of(image, renderer, options, env)
    if mention is None:
        return None
    record = _record_of(mention, env)
    return escape(mention.alt) if record is None else figures.picture(mention, record)


def show_pictures(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """A paragraph of pictures alone: a figure, or a gallery of figures."""
    found = [_mention_of(child, renderer, options, env) for child in tokens[index].children or ()]
    mentions = [mention for mention in found if mention is not None]
    count = len(mentions)
    # Two beside each other; the first of an odd number has the whole column.
    parts = [_figure(mention, env, half=count > 1 and (at, count % 2) != (0, 1)) for at, mention in enumerate(mentions)]
    return figures.gallery(parts) if count > 1 else "".join(parts)


def _figure(mention: Mention, env: EnvType, *, half: bool) -> str:
    record = _record_of(mention, env)
    return f"<p>{escape(mention.alt)}</p>\n" if record is None else figures.figure(mention, record, half=half)


def _mention_of(image: Token, renderer: RendererHTML, options: OptionsDict, env: EnvType) -> Mention | None:
    """The picture of the store that an image names; None for one with an address."""
    media_id = media_id_of(str(image.attrs.get("src", "")))
    if media_id is None:
        return None
    alt = renderer.renderInlineAsText(image.children or (), options, env)
    return Mention(media_id, alt, str(image.attrs.get("title", "")))


def _record_of(mention: Mention, env: EnvType) -> PictureRecord | None:
    """The picture's record, None for one that is not known or one too many. Notes that the text shows it."""
    shown = env[_SHOWN]
    # A text with more is refused. Its HTML would be 5 MB long.
    if len(shown) > MOST_PICTURES:
        return None
    record: PictureRecord | None = env[_KNOWN].get(mention.media_id)
    if record is None:
        shown.append(BodyPicture(id=mention.media_id, version=None))
        return None
    lacks_alt = not record.decorative and is_blank(figures.alt_of(mention, record))
    shown.append(BodyPicture(id=record.id, version=record.version, lacks_alt=lacks_alt))
    return record


def join_pictures(state: StateCore) -> None:
    """Make one token of each paragraph that has only pictures of the store."""
    joined: list[Token] = []
    for token in state.tokens:
        is_alone = token.type == "paragraph_close" and _has_only_pictures(joined[-1])
        joined.append(token)
        if is_alone:
            opened, inline, _ = joined[-3:]
            images = [child for child in inline.children or () if child.type == "image"]
            joined[-3:] = [Token(PICTURES_TOKEN, "", 0, children=images, block=True, map=opened.map)]
    state.tokens = joined


def _has_only_pictures(token: Token) -> bool:
    children = token.children or [] if token.type == "inline" else []
    images = [child for child in children if child.type == "image"]
    return bool(images) and all(
        media_id_of(str(child.attrs.get("src", ""))) is not None
        if child.type == "image"
        else child.type in ("softbreak", "hardbreak") or (child.type == "text" and not child.content.strip())
        for child in children
    )

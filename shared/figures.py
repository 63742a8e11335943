"""How pages lay out a whole picture: its size, the widths that its variants are chosen by, the class behind it.

Ingestion writes them into the text of an article, rendering into its lead. The lengths are those of `site.css`.
"""

from shared.pictures import PictureFacts, tone_class

# In CSS pixels. A higher picture would not fit a laptop's screen together with its caption.
MOST_HEIGHT = 672
# The class of a partly transparent picture: on its mean colour it could not be seen.
SEE_THROUGH = "see-through"
# Of an article's text: its column, and half of it less half a gap, in a gallery. In rem of 16 CSS pixels.
_COLUMN_REM, _HALF_REM = 38.0, 18.5
_REM = 16
_TWO_COLUMNS = "(min-width: 40rem)"
_EDGES = 2 * _REM
# Half a rem less than it is. So a phone of 360 pixels at ratio 2 takes 640 pixels in every browser, not 960.
PHONE_COLUMN = "calc(100vw - 2.5rem)"


def shown_size(facts: PictureFacts) -> tuple[int, int]:
    """Width and height of the whole picture in CSS pixels, for the attributes of `<img>`. A narrower column shrinks both."""
    scale = min(1.0, MOST_HEIGHT / facts.height)
    return max(1, round(facts.width * scale)), max(1, round(facts.height * scale))


def column_sizes(facts: PictureFacts, *, half: bool = False) -> str:
    """The `sizes` of a whole picture in an article's text. `half`: one of two beside each other in a gallery.

    The first picture of a gallery of three, five, … has the whole column.
    """
    width = shown_size(facts)[0]
    cell = _HALF_REM if half else _COLUMN_REM
    fitting = f"(min-width: {width + _EDGES}px) {width}px"
    if width < cell * _REM:
        return f"{fitting}, {PHONE_COLUMN}"
    in_cell = f"{_TWO_COLUMNS} {cell:g}rem"
    return ", ".join((in_cell, *([fitting] if width < _COLUMN_REM * _REM else []), PHONE_COLUMN))


def placeholder_class(facts: PictureFacts) -> str:
    """The class of `<img>` that shows a colour while the picture loads."""
    return SEE_THROUGH if facts.original_type == "image/png" else tone_class(facts.color)

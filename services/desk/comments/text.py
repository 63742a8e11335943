"""A reader's text for a moderator: matches of the phases apart, long texts shortened. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# A longer text shows its beginning, with the rest behind a button: a row stays a row.
_MOST_CHARACTERS = 700
_MOST_LINES = 12
# The cost of a page stays bounded with a comment that has a match everywhere.
_MOST_MATCHES = 50


@dataclass(frozen=True)
class Piece:
    """A part of a text; `is_match` where a phase found it."""

    text: str
    is_match: bool = False


def pieces(text: str, matches: Sequence[str]) -> Sequence[Piece]:
    """The text in parts, of which those that equal a match, in any case, stand apart. Joined they are the text."""
    wanted = sorted({match for match in matches if match.strip()}, key=len, reverse=True)
    if not wanted:
        return (Piece(text),)
    pattern = re.compile("|".join(re.escape(match) for match in wanted), re.IGNORECASE)
    found: list[Piece] = []
    end = 0
    for match in pattern.finditer(text):
        if len(found) >= 2 * _MOST_MATCHES:
            break
        found += [Piece(text[end : match.start()]), Piece(match[0], is_match=True)]
        end = match.end()
    return [piece for piece in (*found, Piece(text[end:])) if piece.text]


def beginning(text: str) -> str:
    """The first lines of a long text; a short one whole."""
    lines = text.split("\n")
    start = "\n".join(lines[:_MOST_LINES])
    return start if len(start) <= _MOST_CHARACTERS else start[:_MOST_CHARACTERS].rstrip()

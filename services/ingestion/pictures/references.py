"""Which pictures of the store a Markdown text may show. A look-up of too many harms nothing; the renderer decides."""

import re

SCHEME = "media:"
_ID = re.compile(rf"{SCHEME}([0-9a-z]{{1,40}})(?![0-9A-Za-z_-])")
_LONGEST_NAMED = 60
# A text with more has more pictures than an article may have; its renderer stops earlier.
_MOST_LOOKED_UP = 200


def media_id_of(address: str) -> str | None:
    """The text behind `media:` in an address, shortened to what people can read; None for another address."""
    return address.removeprefix(SCHEME)[:_LONGEST_NAMED] if address.startswith(SCHEME) else None


def mentioned_ids(markdown: str) -> tuple[str, ...]:
    """The ids behind `media:` in a text, once each."""
    return tuple(dict.fromkeys(_ID.findall(markdown)))[:_MOST_LOOKED_UP]

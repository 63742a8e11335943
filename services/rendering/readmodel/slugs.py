"""Slugs of tags and authors: the last part of the addresses of their lists and feeds.

A slug is a pure function of the name, so a rebuild that reads the logs in another order gives every list its old address.
There are two kinds of names:

plain   Latin letters, digits, spaces, punctuation. Case, marks on letters, and punctuation between words carry no meaning:
        names that differ in nothing else share one list on purpose. The slug is readable and has no hash.
lossy   Any other character (`+`, `#`, other scripts), or more than 80 characters. Different names could get the same slug,
        so `_` and a hash of the folded name follow. A plain slug never has `_`: the two kinds cannot meet.

    C, c            -> c               Zoë Quentin, zoe quentin -> zoe-quentin
    C++, c++        -> c_z3nrxl        U.S. Economy             -> u-s-economy
    C#              -> c_sune2n        Côte d’Ivoire            -> cote-d-ivoire
    .NET            -> net_pxkuav      نصر                      -> nsr_respz5
    Net             -> net             نسر                      -> nsr_qpoer5

Earlier releases had no hashes. Their addresses still work: the read model keeps `alias:` documents (names.py), and the gateway
redirects.
"""

import re
from base64 import b32encode
from functools import lru_cache
from hashlib import sha256
from unicodedata import category, name, normalize

from anyascii import anyascii
from slugify import slugify

_MAX_LENGTH = 80
# 30 bits: only names with the same plain slug compete for a hash, and those are few.
_HASH_LETTERS = 6
_HASH_MARK = "_"

# Punctuation that distinguishes names: C#, 50%, @home, §218, M*A*S*H; also a single leading full stop (.NET). NFKD leaves no
# "one dot leader" in a text, so that this character is free to mark such a stop.
_LEADING_STOP, _STOP_MARK = re.compile(r"(?<!\S)\.(?=\w)"), "\N{ONE DOT LEADER}"
_MEANINGFUL = frozenset("#%@§*" + _STOP_MARK)
# Symbols and letters that are written as apostrophes: Hawaiʻi, al-Qāʿida.
_APOSTROPHES = frozenset("`ʹʻʼʽʾʿˈ")
_PLAIN = re.compile(r"[a-z0-9 ]*")


@lru_cache(maxsize=10_000)
def slug_of(text: str) -> str:
    """The slug of a name, in ASCII; empty if none of its characters can be written in ASCII."""
    # NFC, as ingestion normalizes names: the part before the hash must stay the address of earlier releases.
    full = slugify(anyascii(normalize("NFC", text)))
    slug = slugify(full, max_length=_MAX_LENGTH, word_boundary=True)
    folded = fold(text)
    if not slug or (slug == full and _PLAIN.fullmatch(folded)):
        return slug
    digest = b32encode(sha256(folded.encode()).digest()).decode().lower()
    return f"{slug}{_HASH_MARK}{digest[:_HASH_LETTERS]}"


def plain_list(listing: str) -> str | None:
    """The list without the hash: `tag:c` for `tag:c_z3nrxl`; None if the list has no hash."""
    plain, mark, _ = listing.partition(_HASH_MARK)
    return plain if mark else None


def fold(text: str) -> str:
    """A name without the differences that carry no meaning: case, width, spaces, marks on Latin letters, punctuation."""
    # Casefolding can make new composed characters, hence the second decomposition.
    decomposed = normalize("NFKD", normalize("NFKD", text).casefold())
    folded: list[str] = []
    after_latin = False
    for character in _LEADING_STOP.sub(_STOP_MARK, decomposed):
        if category(character).startswith("M"):
            folded.append("" if after_latin else character)
            continue
        after_latin = name(character, "").startswith("LATIN ")
        folded.append(_fold_character(character, is_latin=after_latin))
    return " ".join("".join(folded).split())


def _fold_character(character: str, *, is_latin: bool) -> str:
    if is_latin:
        return anyascii(character).lower()
    kind = category(character)
    if character in _APOSTROPHES or (kind.startswith(("P", "Z", "C")) and character not in _MEANINGFUL):
        return "" if kind == "Cf" else " "
    return character
